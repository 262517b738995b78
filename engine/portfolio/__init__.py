"""Portfolio sessions: holdings watched as the market moves, and analyses of one holding after another."""
