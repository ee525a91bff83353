"""How many agents are needed: Erlang C and A, and the law of callers who leave. Pure."""
