"""A stateful stand-in for Twilio's Messages API, with a page that shows each patient's phone.

A process of its own (`python -m notifications.phone_simulator`): a clinic tries the whole product with no
account, and tests meet Twilio over real HTTP. Here live Twilio's checks, statuses, signed callbacks, opt-out
words and faults on demand. What does not: anything about patients, protocols or answers, and the `twilio`
package. Nothing of ours imports this package; in production nothing of it is loaded. Tests start it in
process with `server.running(...)`.
"""
