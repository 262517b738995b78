"""Models as the engine knows them: registered, looked up, verified, granted hosts and secrets."""
