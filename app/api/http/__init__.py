"""What all routes share: who asks and what with, what is accepted, limits, pages, versions, errors."""
