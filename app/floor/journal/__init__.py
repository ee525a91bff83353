"""What is durable: the floor's lock and epoch, the rows of a round and the one statement that writes them; what is
read, cleared and told to subscribers from there.
"""
