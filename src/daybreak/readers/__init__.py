"""Tables, pictures, sounds and texts from files, as Arrow batches. What is read and how stands in `request` and `opened`."""
