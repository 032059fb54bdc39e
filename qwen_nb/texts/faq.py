"""What people ask first: `%qwen_nb help faq`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "faq.emulator": (
        "Why does it say “embedded emulator”?\n"
        "  No key was found, so a small server inside the kernel answers from scripts. Set "
        "DASHSCOPE_API_KEY before Jupyter starts, or use %qwen_nb login.",
        "为什么显示“内置模拟器”？\n"
        "  没有找到 API Key,因此由内核中的小型服务按脚本回复。请在启动 Jupyter 前设置 DASHSCOPE_API_KEY,"
        "或使用 %qwen_nb login。",
    ),
    "faq.key": (
        "Where does my key go?\n"
        "  To the server it belongs to, and nowhere else: not into the notebook, a log, a "
        "cassette or the store. %qwen_nb status says where it was found.",
        "我的 API Key 会发送到哪里？\n"
        "  只发送到它所属的服务,不会写入笔记本、日志、录制文件或存储。%qwen_nb status 会显示在哪里找到它。",
    ),
    "faq.other_server": (
        "Can I ask my own server?\n"
        "  Any OpenAI-compatible one: %qwen_nb use http://HOST:PORT/v1, or QWEN_NB_BASE_URL; "
        "%qwen_nb servers lists those that are known by name.",
        "可以使用自己的服务吗？\n"
        "  任何兼容 OpenAI 的服务都可以:%qwen_nb use http://HOST:PORT/v1,或设置 QWEN_NB_BASE_URL;"
        "%qwen_nb servers 列出已知的服务。",
    ),
    "faq.thinking": (
        "How much does it think?\n"
        "  --think lets it, --think 500 within a budget, --no-think not at all. Thinking is paid "
        "for as output; %qwen_nb models says which models can.",
        "如何控制思考过程？\n"
        "  --think 开启思考,--think 500 限制思考长度,--no-think 关闭思考。思考过程按输出 Token 计费;"
        "%qwen_nb models 显示哪些模型支持。",
    ),
    "faq.history": (
        "What is sent along with my question?\n"
        "  The turns above it in this notebook, without their thinking. --once sends none, --new "
        "begins anew, and --dry-run shows exactly what would go out.",
        "提问时会附带哪些内容？\n"
        "  本笔记本中位于它之前的对话轮次,不含思考过程。--once 不附带历史,--new 重新开始,"
        "--dry-run 显示将要发送的全部内容。",
    ),
    "faq.cost": (
        "What does it cost?\n"
        "  The line under each answer says so, at list prices before any free quota; unfolded, it "
        "shows the sum. %qwen_nb usage adds up, %qwen_nb budget 5 USD sets a limit.",
        "费用是多少？\n"
        "  每个回复下方的一行会显示,按目录价计算,未扣除免费额度;展开后可见计算过程。"
        "%qwen_nb usage 汇总,%qwen_nb budget 5 USD 设置上限。",
    ),
    "faq.stop": (
        "How do I stop an answer?\n"
        "  With the card's Stop, the toolbar's, or Ctrl-C. What had come is kept and counted; "
        "%qwen_nb resume goes on.",
        "如何停止回复？\n"
        "  使用卡片上的停止按钮、工具栏的停止按钮或 Ctrl-C。已收到的内容会保留并计入用量;"
        "%qwen_nb resume 可继续。",
    ),
    "faq.reload": (
        "I reloaded the page, and the answer is gone.\n"
        "  %qwen_nb last shows it again; nothing that was answered is lost: see %qwen_nb history.",
        "刷新页面后回复不见了？\n"
        "  %qwen_nb last 可重新显示;已回复的内容不会丢失,见 %qwen_nb history。",
    ),
    "faq.rerun": (
        "What happens when I run a cell again?\n"
        "  Its turn is replaced in its place, and later turns are marked as answered on older "
        "context. %qwen_nb restore brings the earlier version back.",
        "重新运行单元格会怎样？\n"
        "  该轮对话会在原位被替换,其后的轮次会标记为基于旧的上下文。%qwen_nb restore 可恢复先前的版本。",
    ),
    "faq.reproduce": (
        "How does a notebook with answers pass CI?\n"
        "  pytest --nbval --qwen-record NOTEBOOK records the answers once, with a key; pytest "
        "--nbval NOTEBOOK then checks it anywhere, without one.",
        "含有回复的笔记本如何通过 CI？\n"
        "  pytest --nbval --qwen-record NOTEBOOK 用 API Key 录制一次;之后 pytest --nbval NOTEBOOK "
        "在任何地方都无需 API Key 即可检查。",
    ),
    "faq.trouble": (
        "It does not work.\n"
        "  %qwen_nb doctor says what and why; its report names no key and can be passed on.",
        "无法正常工作？\n  %qwen_nb doctor 会说明问题和原因;其报告不含 API Key,可以转发。",
    ),
}

QUESTIONS = tuple(key.removeprefix("faq.") for key in TEXTS)
