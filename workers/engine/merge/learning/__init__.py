"""What methods that learn from data have in common: the request, the models run through one module, mixtures with coefficients."""
