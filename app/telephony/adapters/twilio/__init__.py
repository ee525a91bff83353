"""The adapter of Twilio Programmable Voice and of platforms that speak its dialect: TwiML out, form webhooks in."""
