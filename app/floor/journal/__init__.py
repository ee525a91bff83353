"""What is durable: the rows of a round and the one statement that writes them; what is read and cleared there."""
