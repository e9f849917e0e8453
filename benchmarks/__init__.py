"""Speed as ratios: each benchmark times its subject and a named baseline in turn, in one run.

    .venv/bin/python -m benchmarks.NAME   (recordio, pipe, hosting, delivery, monitor,
                                           random_cut_forest, anomaly, anomaly_detection)
    make bench                            (all of them)
    .venv/runtimes/torch/bin/python -m benchmarks.reviews   (after make torch; on a GPU if any)
    make bench-peers                      (monitor_peers: other engines, in environments of theirs)

Each comparison is one JSON object per line on standard output, progress goes to standard error.
A ratio is the baseline's seconds by the subject's for the same work: 2.0 is twice as fast as the
baseline, 0.5 half as fast. Absolute figures drift with the machine; none is asserted anywhere.
anomaly_detection and reviews_words are not about speed: what alerts are worth beside those of a
simpler rule, and what words alone tell of a review.
"""
