"""Tokens that look like real ones; they hold `canary`, so that a leak shows."""

DISCORD = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GAbCdE." + "canary" * 6
TELEGRAM = "123456:AAcanary" + "canary" * 5
OTHER_DISCORD = DISCORD.replace("MTIz", "OTg3")
OTHER_TELEGRAM = TELEGRAM.replace("AA", "BB")
