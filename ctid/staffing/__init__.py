"""How many agents a load of calls needs: the Erlang formulas, and plans made with them. Pure."""
