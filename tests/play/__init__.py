"""What races and faults share: machines that use the real server, and the judgement of what they saw."""
