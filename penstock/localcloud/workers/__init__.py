"""What gives life to deployed resources: one worker per kind of resource."""
