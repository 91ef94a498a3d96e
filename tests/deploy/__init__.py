"""What is deployed: the image, docker-compose, and what stands around them at scale."""
