"""What machines ask: up, ready, and how it is doing."""

import dataclasses

from flask import request
from flask.testing import FlaskClient

from backend.app import create_app
from backend.db import db, transaction
from backend.jobs import beat
from backend.services.alarms import raise_alarm
from backend.services.clinics import switch_sending
from tests.world import World

TOKEN = {"Authorization": "Bearer metrics-token-for-tests"}


def breathe(world: World) -> None:
    beat(world.engine, "worker-1", tick_seconds=5, failure=None, now=world.now)


def test_the_process_is_up(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200


def test_without_a_worker_it_is_not_ready_and_says_so(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["reasons"] == ["no worker has ever run"]


def test_with_a_fresh_heartbeat_it_is_ready(client: FlaskClient, world: World) -> None:
    breathe(world)
    assert client.get("/readyz").status_code == 200


def test_a_worker_silent_for_three_ticks_makes_it_not_ready(client: FlaskClient, world: World) -> None:
    breathe(world)
    world.advance(seconds=16)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "silent for 16 s" in answer.get_json()["reasons"][0]


def test_a_text_that_waits_too_long_makes_it_not_ready(client: FlaskClient, world: World) -> None:
    world.enrol()
    world.advance(minutes=3)
    breathe(world)
    assert "due for 180 s" in client.get("/readyz").get_json()["reasons"][0]


def test_a_clinic_that_switched_sending_off_does_not_make_it_not_ready(
    client: FlaskClient, world: World
) -> None:
    world.enrol()
    with transaction(world.engine, world.nurse.clinic_id) as session:
        switch_sending(session, world.nurse, enabled=False, now=world.now)
    world.advance(minutes=3)
    breathe(world)
    assert client.get("/readyz").status_code == 200
    shown = client.get("/metrics", headers=TOKEN).get_data(as_text=True)
    assert 'recovery_outbound_due_age_seconds{reason="switched_off"} 180.0' in shown
    assert "recovery_oldest_due_message_age_seconds 0.0" in shown


def alarm(world: World, *causes: str) -> None:
    with transaction(world.engine) as session:
        for cause in causes:
            raise_alarm(session, cause, "in words", now=world.now)


def test_refused_credentials_make_it_not_ready(client: FlaskClient, world: World) -> None:
    breathe(world)
    alarm(world, "credentials")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["reasons"] == ["the provider refuses our credentials: nothing can be sent"]


def test_other_alarms_are_named_and_leave_it_ready(client: FlaskClient, world: World) -> None:
    breathe(world)
    alarm(world, "provider_down", "provider_code/21408")
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json()["alarms"] == ["provider_code/21408", "provider_down"]


def test_metrics_count_open_alarms_by_kind(client: FlaskClient, world: World) -> None:
    alarm(world, "provider_code/21408", "provider_code/30034")
    shown = client.get("/metrics", headers=TOKEN).get_data(as_text=True)
    assert 'recovery_operator_alarms{kind="provider_code"} 2.0' in shown
    assert 'recovery_operator_alarms{kind="credentials"} 0.0' in shown


def test_metrics_are_not_public(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404


def test_metrics_count_what_waits(client: FlaskClient, world: World) -> None:
    world.enrol()
    world.text_in("I cannot pass urine")
    text = client.get("/metrics", headers=TOKEN).get_data(as_text=True)
    assert 'recovery_open_alerts{tier="emergency"} 1.0' in text
    assert "recovery_worker_heartbeat_age_seconds -1.0" in text


def test_no_page_may_be_kept_by_a_cache(client: FlaskClient) -> None:
    assert client.get("/readyz").headers["Cache-Control"] == "no-store"


def test_the_content_policy_allows_only_ourselves(client: FlaskClient) -> None:
    policy = client.get("/login").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "http" not in policy


def test_a_forwarded_address_is_believed_only_behind_trusted_proxies(world: World) -> None:
    def address(trusted: int) -> str:
        app = create_app(
            dataclasses.replace(world.settings, trusted_proxies=trusted), clock=lambda: world.now
        )
        app.add_url_rule("/address", view_func=lambda: request.remote_addr or "")
        with app.app_context():
            answer = app.test_client().get("/address", headers={"X-Forwarded-For": "203.0.113.9"})
            db.engine.dispose()
        return answer.get_data(as_text=True)

    assert address(0) == "127.0.0.1"
    assert address(1) == "203.0.113.9"
