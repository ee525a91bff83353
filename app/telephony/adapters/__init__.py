"""A folder for each telephone platform, and for the speech engine. They do not know each other."""
