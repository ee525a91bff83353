"""Field visits: appointments at which an engineer comes to a customer, and what became of them."""
