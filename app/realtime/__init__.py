"""Topics, and what their subscribers miss no frame of. It knows no domain."""
