"""The post-deploy check: calls the deployments, then finds each call in the workspace.

Run it as `python -m queries.check`; exit status 0 every proof seen that can be judged, 1 a proof
failed, 2 could not run, 3 rows had not arrived by the timeout, 130 interrupted.
"""
