"""Make every listed mistake on a deployed stack."""
