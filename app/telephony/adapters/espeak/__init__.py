"""Speech by espeak-ng, an engine of the system that speaks Mandarin, English and a hundred other languages."""
