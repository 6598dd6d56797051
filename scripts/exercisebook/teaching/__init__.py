"""What a teacher needs: editions of the book, and classes with data and grades of their own."""
