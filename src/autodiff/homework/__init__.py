"""Homework: is an answer the right gradient, and if not, which rule was applied wrongly.

    Question ──prepare──▶ graph, gradient, points ──check(answer)──▶ Verdict, with the Cause of a wrong one

`check` compares at sampled points, `mistakes` are wrong applications of one rule, and `grade` does it for a class.
"""
