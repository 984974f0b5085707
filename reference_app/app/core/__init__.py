"""What every layer may use and what knows no layer itself."""
