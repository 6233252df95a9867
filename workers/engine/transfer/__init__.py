"""TRANSFERABILITY: how well a frozen model suits labelled examples, from its features or probabilities alone. numpy, float64."""
