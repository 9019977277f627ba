"""Requests and answers as data.

    {"expr": …} + what the command line gives ──problem──▶ Problem ──solve──▶ Answer ──answer──▶ {"value": …}

`arguments` and `files` hold values that are given as text or in files, `jsons` is JSON in and out.
"""
