"""The processes of an installation: what each holds, the limits it obeys, workers and their supervision."""
