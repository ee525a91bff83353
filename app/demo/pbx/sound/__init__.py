"""What phones send and hear: G.711, test tones, RTP."""
