"""The storage laboratory: experiments on what time series collections save, and their report."""
