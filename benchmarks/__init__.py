"""What we promise about speed and memory, each figure beside its floor taken in the same run."""
