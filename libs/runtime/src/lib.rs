//! What every service main needs: configuration, telemetry, health, shutdown, clock.
