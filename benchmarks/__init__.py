"""What we promise about speed and memory, each figure beside its baseline taken in the same run."""
