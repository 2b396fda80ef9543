"""Speech as samples and as features: reading, caching, augmentation, and the layers of the front end."""
