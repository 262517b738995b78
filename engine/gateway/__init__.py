"""What the AI gateway is used for: spending, answers to wait for, explanations of runs, drafts of models."""
