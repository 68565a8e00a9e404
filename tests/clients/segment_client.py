# segment-analytics-python: `host` is all that is changed.
import sys
import segment.analytics as analytics

failed = []
analytics.host, analytics.write_key = sys.argv[1], sys.argv[2]
analytics.gzip = True
analytics.on_error = lambda error, items: failed.append(error)
user = "segment-python"
analytics.identify(user, {"first_name": "นก", "points": 12}, anonymous_id="segment-python-anonymous")
analytics.track(user, "Order Placed", {"total": 1290.5, "note": "ขอบคุณ 🙏"}, message_id="segment-python-1")
analytics.page(user, "shop", "Home", {"url": "https://shop.example/"})
analytics.screen(user, "app", "Start")
analytics.group(user, "g1", {"size": 3})
analytics.alias("segment-python-old", user)
analytics.flush()
analytics.shutdown()
sys.exit(f"{failed}" if failed else 0)
