"""A customer's record: finding, reading and changing it, whoever survives; attributes, tiers, whose word stays."""
