from outcomes import run_node


def test_ai_sdk(check):
    check(run_node, "ai_sdk", "ai-sdk")
