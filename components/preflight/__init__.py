"""What Azure would refuse half way through a deployment, asked before anything is created."""
