"""Executions of obs units: started, finished, looked at."""
