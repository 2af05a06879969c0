"""From a trained model to a package, and the proof that both predict alike."""
