"""Who changed what of the set-up, listened to which recording, signed in, and when."""
