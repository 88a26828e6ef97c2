"""What is done with questions, methods and data: forecasts, backtests, effects, nowcasts and checks of claims."""
