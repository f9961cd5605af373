"""What every Azure resource of the program needs: names, providers, retries, lookups."""
