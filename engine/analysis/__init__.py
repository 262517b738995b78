"""Many runs at once: sweeps, sensitivities, goal seeks and analyses of change."""
