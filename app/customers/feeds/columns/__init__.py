"""From the cells of a row to a checked record: mappings, fields and their shapes. Pure."""
