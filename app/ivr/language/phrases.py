"""What is said where a flow says nothing of its own: an apology, a polite refusal, the place in the queue. Pure."""

from collections.abc import Mapping

APOLOGY = {
    "en": "We are sorry, something went wrong on our side. Please hold while we connect you to one of our staff.",
    "zh": "非常抱歉，系统出现故障，正在为您转接人工服务，请稍候。",
}
NOT_REACHED = {
    "en": "Nobody could be reached there. Please stay on the line, we will be with you as soon as we can.",
    "zh": "对方暂时无法接听，请不要挂机，我们会尽快为您服务。",
}
LOCKED = {
    "en": "For your safety we cannot identify you by telephone any more for now. Please hold for one of our staff.",
    "zh": "为了您的账户安全，暂时无法通过电话验证您的身份，正在为您转接人工服务，请稍候。",
}
POSITION = {"en": "You are number {position} in the queue.", "zh": "您前面的排队位置是第{position}位。"}
WAIT = {"en": "Your wait is about {minutes} minutes.", "zh": "预计等待时间约{minutes}分钟。"}
SHORT_WAIT = {"en": "Your wait is about one minute.", "zh": "预计等待时间约一分钟。"}
CALLBACK = {
    "en": "To be called back at your place in the queue, press {key}.",
    "zh": "如需保留排队位置并由我们回电，请按{key}。",
}
STAY = {"en": "Thank you for waiting.", "zh": "感谢您的耐心等待。"}


def spoken(texts: Mapping[str, str], language: str) -> tuple[str, str]:
    """A text in this language or the nearest that there is, and the language that it is in."""
    for tag in (language, language.split("-")[0], *texts):
        if tag in texts:
            return texts[tag], language if tag == language.split("-")[0] else tag
    raise KeyError(language)
