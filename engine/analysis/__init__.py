"""What is asked of several runs: comparisons, sweeps, sensitivities, goal seeks and analyses of change."""
