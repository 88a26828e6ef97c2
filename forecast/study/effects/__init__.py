"""What an event changed: estimate, placebos, gates, verdict, and how it moves with the assumptions."""
