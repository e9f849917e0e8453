"""Records of streams: the newest in memory, the others on disk, for as long as they are kept."""
