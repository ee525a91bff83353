"""G.711 mu-law, the sound of telephone lines: one byte a sample, 8000 samples a second."""

RATE = 8000
FRAME = 160
"""Samples in a packet of 20 ms."""
BIAS = 132
CLIP = 32635


def encode_sample(sample: int) -> int:
    """The byte of a signed 16-bit sample."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), CLIP) + BIAS
    exponent = magnitude.bit_length() - 8
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return ~(sign | exponent << 4 | mantissa) & 0xFF


def decode_sample(byte: int) -> int:
    """The signed 16-bit sample of a byte."""
    bits = ~byte & 0xFF
    magnitude = (((bits & 0x0F) << 3) + BIAS) << (bits >> 4 & 7)
    return BIAS - magnitude if bits & 0x80 else magnitude - BIAS


DECODED = tuple(decode_sample(byte) for byte in range(256))
SILENCE = bytes([encode_sample(0)])
