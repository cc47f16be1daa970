PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE schools (
    id         INTEGER PRIMARY KEY,
    code       TEXT    NOT NULL UNIQUE CHECK (code <> ''),
    name       TEXT    NOT NULL CHECK (name <> ''),
    country    TEXT    NOT NULL CHECK (length(country) = 2),
    timezone   TEXT    NOT NULL,
    currency   TEXT    NOT NULL CHECK (length(currency) = 3),
    status     TEXT    NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'closed')),
    receipt_template TEXT, -- the text that thanks for a payment; null: none is sent
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
INSERT INTO schools VALUES(1,'everyone','Every school','KE','Africa/Nairobi','KES','active',NULL,1795535480011,1795535480011);
INSERT INTO schools VALUES(2,'greenhill','Greenhill','KE','Africa/Nairobi','KES','active',NULL,1795535480241,1795535480241);
CREATE TABLE integration_providers (
    id            INTEGER PRIMARY KEY,
    category      TEXT    NOT NULL CHECK (category IN
                      ('payment', 'sms', 'email', 'push', 'whatsapp', 'storage', 'lms')),
    name          TEXT    NOT NULL,
    code          TEXT    NOT NULL UNIQUE,
    adapter_class TEXT    NOT NULL,
    config_schema TEXT    CHECK (config_schema IS NULL OR json_valid(config_schema)),
    is_global     INTEGER NOT NULL DEFAULT 0 CHECK (is_global IN (0, 1)),
    is_active     INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    created_at    INTEGER NOT NULL
) STRICT;
INSERT INTO integration_providers VALUES(1,'payment','M-Pesa','mpesa','MpesaAdapter','{}',0,1,1795535480011);
INSERT INTO integration_providers VALUES(2,'payment','Flutterwave','flutterwave','FlutterwaveAdapter','{}',0,1,1795535480011);
INSERT INTO integration_providers VALUES(3,'payment','Pesapal','pesapal','PesapalAdapter','{}',0,1,1795535480011);
INSERT INTO integration_providers VALUES(4,'sms','Africa''s Talking','africastalking','AfricasTalkingAdapter','{}',0,1,1795535480011);
INSERT INTO integration_providers VALUES(5,'sms','Twilio','twilio','TwilioAdapter','{}',0,1,1795535480011);
INSERT INTO integration_providers VALUES(6,'email','SMTP','smtp','SmtpAdapter','{}',0,1,1795535480011);
INSERT INTO integration_providers VALUES(7,'email','SendGrid','sendgrid','SendGridAdapter','{}',0,1,1795535480011);
INSERT INTO integration_providers VALUES(8,'email','Mailgun','mailgun','MailgunAdapter','{}',0,1,1795535480011);
INSERT INTO integration_providers VALUES(9,'push','FCM','fcm','FcmAdapter','{}',0,1,1795535480011);
INSERT INTO integration_providers VALUES(10,'push','APNs','apns','ApnsAdapter','{}',0,1,1795535480011);
INSERT INTO integration_providers VALUES(11,'whatsapp','WhatsApp','whatsapp','WhatsAppAdapter','{}',0,1,1795535480011);
INSERT INTO integration_providers VALUES(12,'storage','Local storage','local','LocalStorageAdapter','{}',0,1,1795535480011);
INSERT INTO integration_providers VALUES(13,'storage','Google Drive','gdrive','GoogleDriveAdapter','{}',0,1,1795535480011);
INSERT INTO integration_providers VALUES(14,'storage','S3','s3','S3Adapter','{}',0,1,1795535480011);
INSERT INTO integration_providers VALUES(15,'lms','Moodle','moodle','MoodleAdapter','{}',0,1,1795535480011);
CREATE TABLE integration_configs (
    id               INTEGER PRIMARY KEY,
    school_id        INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    provider_id      INTEGER NOT NULL REFERENCES integration_providers (id) ON DELETE CASCADE,
    config_encrypted TEXT    NOT NULL,
    environment      TEXT    NOT NULL DEFAULT 'sandbox' CHECK (environment IN ('sandbox', 'production')),
    is_enabled       INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
    is_primary       INTEGER NOT NULL DEFAULT 0 CHECK (is_primary IN (0, 1)),
    rank             INTEGER NOT NULL DEFAULT 0, -- the order of failover; 0: not ranked
    account          TEXT    NOT NULL,
    last_tested_at   INTEGER,
    last_test_status TEXT,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    UNIQUE (school_id, provider_id)
) STRICT;
INSERT INTO integration_configs VALUES(1,2,4,'sl1:k2-20261124-50b2:1BE0BtkKEh9T78W8NtnG1G1xP0k3EgERFXXQVc6rcGfm48M4ksSZPwrbPfe/EAL3Pyx/rmWBW7BavnSCtjuOe0bQxJDDQAeSFuYn2Zz/oBqoDRUwGaIW0OJuFgES7s4VNCFps1jECi2GXv0RQs8XZSaEE7xSUwZYniykrvVdyXgNIsIFHpB5yiG8xKtAzI1nXMIUgpohltI=','sandbox',1,1,0,'aba9ca6249f152ed7fa0726711b6e2e0e149d7e05cf0afb300ec79311d87b0bd',1795535570263,'ok',1795535480247,1795535480247);
INSERT INTO integration_configs VALUES(2,2,5,'sl1:k2-20261124-50b2:Zc2+M/Xb5kmhHCJX6i6e5TLAGOeZsmfXIrx5o40UkDV/W/I9ES8kOdf52v6iQitVIpRuqk0a9M+f/2R50KLkqluKaKRLd5VArLQaSQVHjQvIa+TapCuuB4n5wNc1jto4oY+SZ8mwosq0RMmYyCbwf7F2zr7CSV01yGYhEDBY3kXEuMz4qngCGLhiXBHC50znv50ykxjPcqWC5c0n+r324ev1UjdUIKH2u3wO69T9t9yQv2TQamQND6Mu0JSwy/U+lfskJVKSI5O4KZHjvok2x7QqEvi1ZQd+ucxd6PuJsytSqEMP8Fs78YSW+Fzqn2MgmyW1k/t5RRlzWhQlzqF7cX7FKqFkFku1m1eAxTKDNSlfVqBPLDSgSoyyzsOGEsGVamzo2dEkyvjBiBmvTQ==','sandbox',1,0,0,'1767acabaff3da4ca06bd8de72afec144e3e031c96607e23fcef0c876c9b580c',1795535570315,'ok',1795535480263,1795535480267);
INSERT INTO integration_configs VALUES(3,2,1,'sl1:k2-20261124-50b2:C2Gxn6kBd9Na61UqwECm3eTSrv3nWtog3MvdL0U0SwxrZX181hwZGHgRb4q0Uf8bxBeibsNml4ajYpo7uhtLwUCg/xObs97q7p7ytv3E7HR711OEWI+nNC8xFAFC7bzHTn+cXuJH1BFW1pDhfjDF5bplmXXw1JA8KnYoUuU7t1DoEERsDNO20r2fYZP4IRjmM/A1MS3n0OTHe5k0dyuTQTYGYGnKE9p2lwittcVlTNbQw/wFDRwRN6sz+rt7NGJimZ9wAdM50GWgY6q0JUfUUtpN26thkh+Mj3e/8pH8gxJTNi3qluRyLCSw6+nIbaivdEci/vFUWs4Js0pZC3sN3ZOajCxpCHiZ8ydZmOHF4c97ag4OSCWTXKZGZ5/zOAjE1j8e4Ns4FFNsq0jDBlViRK4KyvQdnjde130xd2lBB3UwZn+GhUuXM++M5QBwmGnN9qwksJZM/JI7QwS4A+XbYIW4iXdEWrxvk1xwoKuav8osgI5L4rYggQolAOTO8wJCO8gzAq+205wCli7Etm0qAhEo9BPLN2YsGPHMOCXoTYFn+eYrEw0fxsXkgGf1K4rFD9+2Jv1oJq2udJ/qNeCYtYf+fRxx5XHas6HuWihYrFMQjB6//Ruhs+jdCrGSlOgciSN+9BiKV0cLBuJnhdlSfT5TIzSYjcZLSfzpDW/jVH/2tp+ZeEuhyr9X8UK8wmIozrV9z1tpILhYVFxh5hgDGIzZP7IAv2NTebLZh69VDcaqB1V6A2WWcAlUr0L+OQLkp2fUF/SpWZ3gY/TwEZlfoqsWd0B8oQoA5Y/ILghGfGDXYMCo9w9zMhURbK41jBG0K7uZ3rzF+eTRfHzXpsKE83XixOw1XH6nAPy0/xbuloecVucysBgGMQaGsqlIDKDWq4P+sgPwtMMyuYEFQnobQWpB','sandbox',1,1,0,'7adf4eb9b29f354f9e60eb8e6664bd6af82e6921bdb07d331db7e17158335d2f',1795535570011,'ok',1795535480274,1795535480274);
INSERT INTO integration_configs VALUES(4,2,2,'sl1:k2-20261124-50b2:G2MqD7ipmSFnX3XgvccMw39KbVVRuPvYtY49WEgk1GYpeP5v3y4mcbh9O3XFYP2+uA2f5uljphb7kh/W95BuZcMp1MUP1uia3iA6kO6cw53Gb3hv4eOts8jQWvb8JGBSP2AKLlqgesUXynLXBF8U2sekZqBrdrPfRJLH20rPZEcda5ZAaalGyxjPzvZywo1ldMKLnYE1FFyqCwT4KDuSd9zEzELX00cGkejgw/2E2W/Bynfwj8s17IlZCeS/wE+BHdThgIun11JIW+V+QeTs10cPZpq2V5TAl5QfDbSw+ML2ZQIAyuZAGPUU/2svYBEugNtOIkkdqFNwHk5zVQW8hkmL5TlEy421wxQP','sandbox',1,0,0,'7e64ddf1bb1c20e11588aa0c673ebbc3763dc1ce3b10613b5b174ccd37b4d0e5',1795535570055,'ok',1795535480275,1795535480275);
INSERT INTO integration_configs VALUES(5,2,3,'sl1:k2-20261124-50b2:VZhUXuQcL5vD1j0hK2/e5qLP4MgYiK/4+LI2HDte7Ke9f9da3RmzQTo8OoT4OmXrsHtNAb/UrO0EP7IB5oZKBLfNenLSub0MCyGwIQn/H9h4uqVq30MrCKMnQlfQuHtXgtiy6LXkHyaCT9MKeJxaIpT7sWHFgXYmAS+FIIsMbqf3Rd50OaNft89W/Vj3OqPXxvtpAxy/+oQHcQrQXZ9mRB03BUquJs62MmspgCtk6jxYL+gnQQkclrcKmpArIWMEBCmGqSHH1WgrAn2nI0/ibmCbN1nAYo/UpNydy6YzBR9eg6SzHz+ZpJgIQHvU6ANBp1u+WDpBnIoxu5fhtTYrIPnGKLvRoDneG7SOnpSptat6suxrdiy8hUFeuSo78LB43qvZcMcXExErYMga3Aop8LwUeEa7rpLcHA913eoOEr/uKTAWwTzvRVA08VPL','sandbox',1,0,0,'d335ec6428bd61aa4b6b14ae3fe052416302dc5609963b4edd38f2139030147f',1795535570131,'ok',1795535480287,1795535480287);
INSERT INTO integration_configs VALUES(6,2,15,'sl1:k2-20261124-50b2:vul7+4wXsXUilOfngeSzyV7RLpqBfl8Rc+fTk77nOHVb+Gz92amlJBpaVFyy+lNvVHH+c5Kq62aX2OtLW8545vnybAzU7P2mW7wnloQBpzJYC7/YNIe4clsetzYZo6N0etHiWgAZ06sW4HR+l4JlyB27BDOcnrIJSj7QT/47GwkkgHKFY+FWczEXix10ZaqmjjaI+d2e','sandbox',1,1,0,'7b892344ae683c3772106183d0b5d2d5860277bc52e6560b8f07d7ad601d8c53',1795535569970,'ok',1795535480288,1795535480288);
INSERT INTO integration_configs VALUES(7,2,11,'sl1:k2-20261124-50b2:dl24BeX2h6lvbEBiDw3Y2e0hWNLIWsS++JOlb9dNrw3spzs0gzMc0Hmg8pzC+et0j0q7Q/jHMeAjzAs2tC0CvJ0x/sDGOnO86gXyjQAsC+dFeuJJ4XUnXbHuIus/EBW0rOZa97daFzcpHhtC9buFzqqMl9tcI/vlNQd7EL6jcs0DH9puOzhmRdm0uJ9sVKt5aEIuvKh28TYdEdPXjDD1CvRINFdj/4o7NntIQ4LNeAe+vAdLsm+yo2QkeEBsYYsskDwC2N7Yft3BnNcsG9ez0YZ9nuNHx/WCLGFvKwf8qmjJW/EMsAbH8Vulz1N0zk9V64QA3uk/X5JXoJZ6yqpzlsCu2HlHELTgGup+11IfhTh21r5JR5uVvJEL+kVq2mBSdq/8GoTAGUlI','sandbox',1,1,0,'e3b889040477c5f2739769932fa80017768acda8e13f4a8cf7794f73e3b82d05',1795535570663,'ok',1795535480290,1795535480295);
INSERT INTO integration_configs VALUES(8,2,12,'sl1:k2-20261124-50b2:47F7Hz/XZnzEXlhgSNUdnBWwroR66zALuZZRYl1X7GPuQj7V28Hw7wsqbY5G5Kz9GJe2gIjZuJSL5DCevTjbyP0VXIXHCIKX/fnsQae76kJOaCjjGD0JbcUxbV9ingEz6ZNLy/nlW1If5xyLx1IqAgd8+6py1EKBr1wNK0Ex7hRPmb0o','sandbox',1,1,0,'3c7b6d1f97fa84782507596cf378f2c5064f3c76e66a1ccb4abd24c21af5497e',1795535570339,'ok',1795535480306,1795535480306);
INSERT INTO integration_configs VALUES(9,2,7,'sl1:k2-20261124-50b2:elnClXZFAQREmF1GDzcvAggSrGFXpI3mV32QBD5OlquBjd3lQqSNIWnd35tgFrKEtOMAoBrxo54TRU4ru4qY2mBP/HLo0urdcfNnafceKIHd7f5b1wZj6ehC6hhk/FxS9keaFLXdbzlvgTJu8JiZlEJshkj0J7lbt72UbUWgagla1xWfSaXjIBFm17UaVT9F6dzXVw2CJ2FLIWZQ7sl4IIVQBtYdbuAyKzIGXHoE3WLe2KC7otsuj6NZ2Pu7UTahWloCKvClaHIcsgyD4MExBcKELt7QQkAfKlytLVG/u8r5fW54HCB2AS1lkse6j/kEnp8KlAhOUNfmfqo4aNur1Uhbq6yB53mqn229q7RL0A+08xcM/IHbTQfwi+mJKwNHDsf3ir9N40CevaIJESXkVVT2G6O5PmaXsjSH+w==','sandbox',1,1,0,'41ddf9eb153113e987d33c10532a725d9cb5e862929c9f304c798625c4bd40d6',1795535569782,'ok',1795535480315,1795535480315);
INSERT INTO integration_configs VALUES(10,2,8,'sl1:k2-20261124-50b2:Ai4qY6BkJIpOPKlhZZ9QDlYvhEUdZHCkyVLVVVqb3t3nXq4js8hPMH3H97ZxTLoSCIF1Ei05UZYOt4GPspwVe+vDw3c8mmEVX6LLTVXbsXSg5rOb7Iote63AnJ2TPwuRprwQm4Oi0hKtLCH6wAvDRT8yfbXPlMPd0I+NiSqF3iRXxWrFuSrN4r2sjuMrZ5KHsWDBu8QE1cYq8eqEeU723mLG150PmcJ1gJXYOP/N25KNuExOpaw3CDZMWxD9HRLq8HvttjujiNVqUbAK4ZP0ZpJuCVWWdafkA8DLu8o/1hgxleZfHEvmmB+QNIX1OQ==','sandbox',1,0,0,'30de8dbf97dadb287e3919e7a797f6bb0a32bced9603b353e6ab37fbce143664',1795535569829,'ok',1795535480331,1795535480331);
INSERT INTO integration_configs VALUES(11,2,6,'sl1:k2-20261124-50b2:JOTIuqbjdiJNKClZD4h7m1UCtUIsES7Jwp7ACfuPTMLtFfsDp4x+1BlY784k7otEJdHy/hqoJ7zP6oxKFH+KweaSIXR5y9TbMSeU8WZbNiyTO1Jg3QMziFxggVwEWHtMLocgYZW7HjeCQbmHGizsad6f6RgQLn9aPoc57bmpzUft6tIABXqyebKpdfLqi+dWLg6IZuUj20+N3koUuT4YcIiw2GvrVW4ZQoEU3BmrHhD2OR+3gVQ+3jCEvL1PrMiOJsj4dT/LUR8+qNvc0RS8fQ==','sandbox',1,0,0,'4968121c4adf0ac61bc8859a52dc6d8be5996624e333d9af8fe67fa115ff3455',1795535569852,'ok',1795535480343,1795535480343);
INSERT INTO integration_configs VALUES(12,2,14,'sl1:k2-20261124-50b2:+riHEiuEMc27fBeCeZHUwNosazz3cHktk4h/ssElY13w9RebfRbvlk+lGh8UfTWbl5qD/U8xhy5unMg5b/cporT9Vw1fQWy+OP5VPtlEeVNxGA+kmZXDAE7YRk1Vrf+AC2eSwzQUvsIZd+SwTBsTvfPIdEim/bMZTUfPMP9m5uL0mRfjbAhU0y9hZEkdYXV628aD+Mm94QRmK3PoMK6D4eQNDZWl0gFDGCFJwFMvGuevUjCXb+2mzQjgwwUreohwS8+SeTH6cXfRH/JAIvyepajxWH7X+NTBklgqZd/1I9CL7ftQjXf/q3Wzgu0CZV5VwXsMCSMyFwx6XuhxF0XBstdK/AfrYvRneoLD0QDqa6bDrjo91Q==','sandbox',1,0,0,'62eb1dc522b919876317855fde70664770edc9c57fc8e327cf363905069e0766',1795535570617,'ok',1795535480355,1795535480355);
INSERT INTO integration_configs VALUES(13,2,13,'sl1:k2-20261124-50b2:M6tP+r8Zf7LXqWHyXxMt51w7yh5BZDwCD6oooyYb9b1VceC/On1SEdMONbzHYTBiXZJnNNXXE20o8E4b3XJhBuRC+DpiRg8TK2hOUW+Pup1Wv9+BSTJgEJYX15eJ5byZSmhMbenTzD1XuW0DOYgQFPZGwmTNmpZ4nS6Af0RnfUeaFtZtxDkfzEiVIaHRLZwVaVnfck69kyDBK1y2heSfp5dNrrZehkie6XjOQHmAZZG4c8cxIdE9n169aa6g85O+c6jumC7zpVDE90oO49ayQbuOOniop0qwfdm8ougV4ROD7T8RfhjKkS9I0DFskICEz/teH9Kyrab596eF2eZ4N1UIHMLMWrXNqtjW7nnd7Eh/Pj4bYne3Wx4qT6JByEywAkZTFUdO7yd22Z+90wumvFmKHiWlfLkBnb/CUx6JvIjsHpVuVH8M8+EJQy9iyHzLDMjuGTixTykgDtl6rJDVTIV0OHAaLcVqV/gxRetXBE5Sj+E9Uz3IQrpgjFF/PXJT7vNErveLvqC5FnGvAx7qjT6bhEbYdJzUaCIzHpvlsz0+6NJ/oT01/FozJRrXDV/XnQ/84txA9hapcO7wDjrBsIjy6eecgSFgTtZ5Y2+fp+KRTw7+w4y2lXWBpRtsd0CYF5Ib5T1oQNagSRbY7zNcqnK5Z/OUOkrV8m8lxWPOZGsG1KlRLDIkQLWzDb4rW6xpNeZpLRrgEPjvE/9IvkeWJEYMEUXgjmT4eKT0RZQSpdceWyR5it3s9QnR6+N/WIvEQFzPAetKU+PPj9WmSJH+bUgVCQRHt3NFO0sNYmXdsKsij3YE3PYmYL4LSSVwXaRCmrMJgksMGpwcBNS+1qv4xbg7SFRJq8B0f5dMqowMdRH5dTysj2hkc4X+JknOTnxnPncZIVBgBpC38sHszDKdlqZ4Hv3HB31fgdQJuUPntm3s1NGR3ibkF3FWq6rN6nvGcW/5l48MYACfDKfXtdrEMV3zQSfG/4pA52rnEs3JE80qJr7WXhgmZDi/kAUTenCVZbzC2vbuFMi6FuVVg2H6DEFBJBvhHvIq6x9nd9rqytMV5aP/0tn0koWEdEt57z+bxBgCjpemZeFPktoGlyk1yurNCF8KVn5Oaqd0hOca7Sw9dM++OT+GGL226oD29HD6nWLOAZ4V+HTfgOc6ddKQa6wcPR7xrgPqs+DLACNSn8+aGUBAp1mmIwn/JwVPREA4QEcheRmxuKnPGht6fBLmkenbQS/fl9QZ/OTCarcs28X+oszppZ8gqvsMQmRlXms5jrdkyBUfybHbUAzlAdrL3p3T5QmgZhCP1B87mNW7wOjNcHJzPOhNfDru0TAOur05NwfMRWGWfljOuDmYw+z3RYeXv7mMZqW7iGxBA+1otdh0UcJWTS9O7YacqQbBuw7wURcn1aFD5Lz1Atx2rRi3CFhMYBvz1HmIQMMpewf5qvm2tFlLc9NcnTzNfC3r2Ep14WkyF5x6D5O+hImQr3iRc6ww9Ew70tIW/weBhFUuEiJ89geFL4PGp7lf24SdQUQCepAG1s9UiLnJn9zjinGkYVCtCxv25Kq/3qb7ilXxN6jmzjkMEAg4rq7ETr20Wx9AaWHeMwVkxzFb/26Qk7V/tokFFGuMTDUuGiXmDPG3jqp5CC4BxEiNVYj+YbE5fUGiLWXZYHVJs3n8Sdz2nfB9L+1IQaMOTd+bGptqin5vAduIlxPYqM8aLubwDP47o9rjsdPB4FRCMWnRpBgS+NCnjFwvJcCbnwAeeYnl2ecE8NzFelz93sut8O5ZTq8XOwULcmwvciER79dKXSNnD64QX9J3TDnLXEyGLvrNDiSuUNf4oEsjawyI6UVbB2blJAQ/1rSaIk7s75fEOHWxw2jI5EoV0cvFaWllwChaU8oKP/kpIlIrxj2SmcUIom7pJcfNsfSt9D8pZ9fC6k8ah+8RE1zt/WmLchkOO8TQzmZ431tNIXBnxlcQJQu4JhnEVP5HgRxGF12ReFlJSzaW2b3HPRXU7EnRoYD6lx6+JPkI24Pxh8NK289Sy0TY95OYfsJCBWHqvBdOVBHNSRS3yRr12ppH/rjvcMQnpdxjX5dYEw4ppUDKfPgiLe8cCalY+8KFP8/zct8mq50t2bwIZXEWkJGrVjbdQSkZdf2UMCpyZ4tw26EMQ/UN3bD3TYVe8lfGUkdwp5IOUqgULPbNihvVIh1QxzlLN7X6fh8Y4Worfpay/5dgrBAGZnHzpO6RsR3YlZYogcWB4SYjVagMJaZYwWiIAr0H9UxwcJFpKwpHNdxSzZwj4QlJKrmb2MBgY3Y+nqo+JXmgypI0rjd0V40w/PTBpFqVB7G2WMg/FQFVGt490HTiTeCMjmvN8G78FDrDqMwEz+2VZ//HmrsisPzy4GhDaJ5xx7dZ/OX1RrV6gRZN8fmEohkJ7j1i4alj38UyF6mMr1JITU7bLOcJyNfJ6vnFvRNvESMv0GWgmgEpdnu4wykrtNxHEXzUlgJ2AysxOPSK4Ew9n5/XFSqe1U7jsTtdH9zuudUqH9ETrwLC3/kMjBAMOHj9ppzCXRB51gXPXdBJleiHRPHF3lzTpkh0cBSonw9hbzgAHczPC4RguqP1et/Y0n03s1BAT2vh8NT5oBlTsxdboaEUNpM40va+sIQPmHkMS7ekR2vrj92tl/UOmBLV3yQfxSaiUWCkz3Bwg7mbv1GIfy5r0UEdA3iEJefPPs3Zs09DtXcnQl+JLGfuhp2pPa2pq7fCovyVJ8dtMUl7mxvS712yrPt8gjQSSgiSdR2pndg14qOE5AmGpP8vNtEvZGW3HB7CXAo6L9QaRhFdcRxjXOf5mwdnEGxmMsN8X+iGfErmM/ccoxMDqnJJlwE0I01X4KaUrm3TGbxmEKEL1gSOh7h6qQL5Vvy9Y5F2PUNYO2ljIKZ1UErtIEkUk9s5v8qAhIZ9Q9e7AsJMXDdIM1VMm0LuFBaCPWn67pVrIlA4sIcBqk/J','sandbox',1,0,0,'71ac8d9f33db534cc6a0cade08ba1c3897ee0d38223c163acbdec600c039e4b7',1795535570602,'ok',1795535480363,1795535480363);
INSERT INTO integration_configs VALUES(14,2,9,'sl1:k2-20261124-50b2:eOgPlXGi/tCmrv4pTGJJSwn0cTMKRSsn+oBWtETAmb4551ikeQsffUOQVlce8GySj7IktiZaTMTMrwtW8+qsnG5T+tRG1qNNnDLh3C9kx3Dpg6YIvhCEkTuk9MMSXND0HvI8D552ZjW5V+UvFOgO4hIwJRpfEzT+3Mozbhs1MUJcCt+GAPuPFC4a4w14yOfwrQO7znDcloO3WcctiIGYmJJhXTWhmCAoNljDCcPk4mfH6FMdPFO5wnZOrrY2TwP0+MSU2PiJsXQnkZQizGs6eQptOWKkVAJmTENCzZAM7CTy1A3z6H8VgUzGZuiJwHYaEGuyOEeA9mMNaIuGZhLXiUSENKBEgJuEfMNvtWkEuaDxOLkxsWFAuGE4mY9YdVDeGeZ4Gzqac6RAH4hVP59XA1oy+ktyxH6jLrOsZxGNW763SCkKCGlQ6GlhFpxGeiyHgtNjsPYPJyr0JUE6YAAZxTCtujgKEdNFApd+ZBXc6y3KCe6/rWThdAVwW44BddRo9O/EUcO17KH/kJznde3Xe4jQ3QDC9XVB3VKf5HPGbK3riH8g5TzmUkc9OHzBK8VZE+xo2wLjMPmAsEwxp4kPqwTgGnaansuLfVvjfskr37AQmYfUfT2xfHLNjsvRFZiQmNpHxoQD/Bu0CkejpTHer7Zwwbj+Br2oSiPidNfb1M0vwRRpIaVuNqsRzVFrJfR3I4nB/PCom6P09Xd1meoVd4asFennKBg4wUQyUmrGGs/jkOnv5U7lma0HO8sFj2cvU6bKBtW1Xm4JYLfsOOQIfe2jkkQ/w3Hl6ruVqyQfW1+0ioFg+k/SzAVwKENdOAkVd0u4fp7Ph9D+eyggerCOgvo/jiNYWN4N2u6hzPq2Z2e3rgrVHxBqWy1aeQX20N3LV90PbNQ6ZVoFPJIIoORdprtwG07KLBnP4vmXy02ys/gx52r763WlH+bTU29jjL7N9EAG+HSrRaCzbFM3Qf1QbFonpplrICerafEejX+l937UWcxFRddsS+5VpwuOg+73XTwaNvj5Bd/NvZWhOrfalXOSDcG2iLD3ExzaBQgXKaMjsH1diez6fJHs377RnAqwN+MTiQidfEZpVrCSDR2uVv/KZ4WGdSCfCr1CWHmWVlRDr4TjJoRkJZ1HpJiewjr1l9obBDig2z2jkyDAeEMwTqpXsW3xGB1o1WXZtlSZRkAXCb/FnI/pRnJKl322lwmjiqmuJaln4tT+6eha7R86UOKuK8y3wFmcbYnFrnZT2H5T+wjQxoSOUhLGyvzU2+iLblfckKHXvLGXB5TpPjd94cT39c3gg8qEwEWNlqqd8fiel58C+QrXTpPjuzmc0+2Df0ktKgY+mbgFDS2NUtfbgFk1f+HVT98y3iI8NQzFUqMw86SmkXqeSZLlZDzcEDhVkrZg3Gq3HoXwa1U0RnGMecxrcerVYFQ2Ww4EOY+PSd4vEfMEZHNUY28emo5I1IkUAl2u3BhHebfHl7KMGEFJngqwkb/AJSCKrhhNXSk0hSwsFdhnVC+i1O02EKh1TNoHKv+zZC4STh4yL4k8gjzFBypVTkx65yTXUj09kTaxbeVs+c5IwWyhZ3VJvaQAOnq5WS7dpzDsbLH9NNh9smpPo1/g63YTXM/4Oa3WkiBun/A0GlNlbzXCUFPPB7Og6qZsuiA9U2aPlE6CXUS5uGfCmBnmVF8VPbH9/GIr7jCN03rg7hkfD9MIq+D07PzwzW+vaKUcAQxWzE/wrKOHADIYX7xGiqjRgyvjtdvkQAAO13rO24LlYz9CxU/b9wBynkeKQeTenwRgdQcz/UfDpn9i8DKDNPb2NmcOryihtD1AHwtuR6ojWIYwwJgqoQyzrZpXdwJpRyvjiB2edHN5Qs/0xRvbnqqjk1r/pw+J76mcR5JaH9d6TdSB5wj0D/1CLahmnhzed0YrF36PFHZHMqjzSce0QxS0aY7Q94ZDk/uikKpN5yYT6Cu74gVvjI3fZBdNg97w49uFmZtypTRT2ub7wg3r/Gd/Jqxcr/jMAF3Mv7bkwPeJROt8QAuvNU8Ccla1BBjPyU23v/7X52TKGfTx3cg3PeAgZ17wwbDE1f5yvcmjE0AQRQ8Vzcb2RfXA3ib6n3zPMonoe/yDtj0rd1wh+7Y+0uyWxVkO5VdnnVYf2+weRahC6HrB3GeaTFp0NWbn5PxlHDCWB87ukmuJ8/7AOFKkqhdfPMNVotzcsmvUXCgYCiJBgIHMSPkwsYjuFjYxBSbk6bqSIPvraNR89L1YI7MHLr73+Peg2BYEJFdVz0RMI7l5+tLE1g4VHni/3auxcfI3SekXXByoT9XBC6VNqe7RX4ncXStF0WaQdabtJ9sSC0+XMubD3zCbPesHIke3bY9+AuBvK6066KeVvegkkGlqwe1u4frO9wozwoLDCd4XmACrBsHYm/euUS6fRCTsdOV6FmOW7Xx5EwDRrJlJ/hmM8FhVaI5EW3YGm/5huzoQOGQvaPZn7x/LvQdInwWNwMYp1YLvq419FMjm9kHBrPeQe0ofiyBLaEg3HfLUIDwaMDXgdrkgFyQ/V7o/0GGS/3AaSVO/sXLdzljUHry/LFuLkccXFhoRdKQmQxsAcJ6Jr93Qpz0yuS5Hng2MBv82nQFTJxmZHQlaDf3b/lSAMTWKruG2w7dyxFu5cgtbgR+zpyKpkRkGarbz/VHyIlfGv6SLiVgbmJj7xDs8hKYvQkFIZTZgdYNewBbX6rLin5blNpbGJ+hBoPxZUSSfTWTGsIwU8Rp1YTg3II9PeFmA6/sM2RWh1nlXABtugQVPUa6d9LEuIEHwji3jDBnP5Kk9dGjKyYsu0bVFPQib5Rgp3j0CF7mfuNNFOFjP+FRZ9ludSWB+rsy89Ox1V4Px4HDktcCaKO/gT4csAx+Rv4zrbNmUQyWhcsVjIO00ZGj4UUeqCZ+c14xPs9g7P+tlxzkaIoaCFUciYT/coORWpxrHkpU=','sandbox',1,1,0,'378a35169babfba06cb36e080457843ab16226b8882dae67ac8527a21ab6fc45',1795535570159,'ok',1795535480420,1795535480420);
INSERT INTO integration_configs VALUES(15,2,10,'sl1:k2-20261124-50b2:MYDEkN7B1r9EY2AS/rWkq2rbNVS4+haF4wnV6D/G7WSpBxx168eCGdoxIt75iacyvbv0gj/dQC6n/sG+BWuLeSgsXlkDQXCJdKmmac5Cup6uu/GUnoAo6WwASN3lbWRD+Zsqdcek04YhFRZHyT5a/0hz5vRBE4+qviNf4/SjLNoOkP098aLMXoJ3tlduRwOxR95RsGaKtEsBSlJqwkczr+89T2J1tyNpocCG0Yyu1/FtmuU6MNKy1r6ALT8xj1/cXPIyX44jBlhh2+hSMnCGhfaAnDwvw7rrEaoTduR59Donrqn+gaWpdo4aJr0viXKH5EVYtj8tIeK+5kdcK8QZCp/NOjx2Nnzk0occELwxG4bi87ZUQQppYTT1fSkoLAClYloFIPABo85pG3aEX8w2Rfb9pcv1jRuCTSv7gqMCUKURSKHSAEoIdncIltnqF3L3WztDQa9Xc802Vx6OCnrfT662YQ2uaGO1DBHOz4mCIXXNAQgC4O8c6TYoPHwFz/IRDRoqIbvCvboLwL4283ItuNruEtOWD5Mqolytyzg5Z9LDgCGKKg5vBNavrq6VH0MxfQ9qQdWJkSOKP2p+Nq5ItmQQVcQ=','sandbox',1,0,0,'cde630947b38ef3624fa16ed37b5e908860d8f4b597490de0f778a0b8d950930',1795535570255,'ok',1795535480427,1795535480427);
CREATE TABLE integration_queue (
    id              INTEGER PRIMARY KEY,
    school_id       INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    provider_id     INTEGER REFERENCES integration_providers (id) ON DELETE CASCADE,
    operation       TEXT    NOT NULL,
    payload         TEXT    NOT NULL CHECK (json_valid(payload)),
    priority        INTEGER NOT NULL DEFAULT 0,
    attempts        INTEGER NOT NULL DEFAULT 0,
    max_attempts    INTEGER NOT NULL DEFAULT 5,
    status          TEXT    NOT NULL DEFAULT 'pending' CHECK (status = 'pending' OR
                        status = 'processing' OR status = 'completed' OR status = 'failed' OR
                        status = 'cancelled'),
    next_attempt_at INTEGER,
    last_attempt_at INTEGER,
    error_log       TEXT    CHECK (error_log IS NULL OR json_valid(error_log)),
    completed_at    INTEGER,
    created_at      INTEGER NOT NULL,
    -- ours
    public_id       TEXT    NOT NULL, -- of the operation, the same on every attempt
    account         TEXT    NOT NULL DEFAULT '',
    lane            TEXT    NOT NULL DEFAULT 'urgent' CHECK (lane IN ('urgent', 'bulk')),
    batch_id        INTEGER REFERENCES message_batches (id) ON DELETE CASCADE,
    subject_id      INTEGER, -- the payment, refund or hook event that it is about
    idempotency_key TEXT,
    payload_hash    TEXT,
    step            INTEGER NOT NULL DEFAULT 0,
    asks            INTEGER NOT NULL DEFAULT 0, -- how often a query was sent after it
    memory          TEXT,    -- sealed
    callback_token  TEXT,    -- SHA-256 of the token in its callback's address
    dedupe_key      TEXT,
    runner          INTEGER, -- who has it; not a reference: a runner that is gone is forgotten
    in_flight       INTEGER NOT NULL DEFAULT 0 CHECK (in_flight IN (0, 1)),
    waits_for       TEXT    CHECK (waits_for = 'callback' OR waits_for = 'query' OR waits_for = 'person'),
    accepted        INTEGER NOT NULL DEFAULT 0 CHECK (accepted IN (0, 1)), -- while it waits: taken, not lost
    expires_at      INTEGER,
    result          TEXT    CHECK (result IS NULL OR json_valid(result))
) STRICT;
INSERT INTO integration_queue VALUES(1,2,4,'sms.send','{"text":"Dear Ann, hello"}',0,1,5,'completed',NULL,1795535480536,NULL,1795535480547,1795535480507,'01M87429N4PQ5HBVQZG3GFSSEV-2','aba9ca6249f152ed7fa0726711b6e2e0e149d7e05cf0afb300ec79311d87b0bd','bulk',1,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,NULL,NULL);
INSERT INTO integration_queue VALUES(2,2,4,'sms.send','{"text":"Dear Ben, hello"}',0,1,5,'completed',NULL,1795535480536,NULL,1795535480548,1795535480507,'01M87429N4PQ5HBVQZG3GFSSEV-3','aba9ca6249f152ed7fa0726711b6e2e0e149d7e05cf0afb300ec79311d87b0bd','bulk',1,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,NULL,NULL);
INSERT INTO integration_queue VALUES(3,2,1,'payment.request','{"payment":"01M87429RTJB1HSXVF7VH8XK6R"}',0,1,5,'completed',NULL,1795535480666,NULL,1795535566551,1795535480602,'01M87429RTJB1HSXVF7VH8XK6R','7adf4eb9b29f354f9e60eb8e6664bd6af82e6921bdb07d331db7e17158335d2f','urgent',NULL,1,NULL,'6cdf55415378ba5897a323f823d72ac7e24c517470b044eb5bf99875175ad0df',0,1,'sl1:k2-20261124-50b2:iZKlAoAu9Fgd87YCDCvl6e8uZwdjbAeUDRLMFX+CWXdTDEZ9WsVgPLSrX1E/Idti/1V7ROEotutpqc/cMUtskv7f/RxCOTyO84xl','0e9c44e174f6c49ff8b5097bceaf1803fe464e14d84fea88042005c25c8cdac7',NULL,NULL,0,NULL,1,1795536080602,NULL);
INSERT INTO integration_queue VALUES(4,2,NULL,'hook','{"event":"message.delivered","hook":1}',0,2,1000,'pending',1795535571702,1795535567902,'[{"attempt":1,"at":1795535566552,"error":"Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server"},{"attempt":2,"at":1795535567911,"error":"Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server"}]',NULL,1795535480723,'01M87429WK81E0N3V33HV8KGAK','hook:1','bulk',NULL,1,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795794680723,NULL);
INSERT INTO integration_queue VALUES(5,2,NULL,'hook','{"event":"message.delivered","hook":1}',0,1,1000,'pending',1795535568675,1795535566547,'[{"attempt":1,"at":1795535566552,"error":"Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server"}]',NULL,1795535480723,'01M87429WKDJXSFW475SEHKNKZ','hook:1','bulk',NULL,2,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795794680723,NULL);
INSERT INTO integration_queue VALUES(6,2,1,'payment.verify','{}',0,1,3,'completed',NULL,1795535566543,NULL,1795535566551,1795535480779,'01M87429RTJB1HSXVF7VH8XK6R','7adf4eb9b29f354f9e60eb8e6664bd6af82e6921bdb07d331db7e17158335d2f','urgent',NULL,1,NULL,NULL,0,0,NULL,NULL,'payment.verify:1',NULL,0,NULL,0,NULL,NULL);
INSERT INTO integration_queue VALUES(7,2,NULL,'hook','{"event":"payment.succeeded","hook":1}',0,2,1000,'pending',1795535568774,1795535567489,'[{"attempt":1,"at":1795535566754,"error":"Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server"},{"attempt":2,"at":1795535567504,"error":"Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server"}]',NULL,1795535566551,'01M8744XPQ0A3JSS0ZR0X4STJ2','hook:1','bulk',NULL,3,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795794766551,NULL);
INSERT INTO integration_queue VALUES(8,2,1,'c2b.register','{}',0,1,5,'completed',NULL,1795535569651,NULL,1795535569653,1795535569619,'01M87450PKX1B7CBYZ2ES55FCT','7adf4eb9b29f354f9e60eb8e6664bd6af82e6921bdb07d331db7e17158335d2f','urgent',NULL,NULL,NULL,NULL,0,0,'sl1:k2-20261124-50b2:Nlk1rn43M2qvw63qPolLLvh9mPlVlg47c4adAO2s+bCzgdz2aKsi6IGLZ0fRsuPAkWE0M+26Y9ieCgsTx4EaMFRVVqdGdNd5TKZD',NULL,NULL,NULL,0,NULL,0,NULL,NULL);
INSERT INTO integration_queue VALUES(9,2,NULL,'hook','{"event":"optout.added","hook":1}',0,0,1000,'pending',1795535569684,NULL,NULL,NULL,1795535569684,'01M87450RMFVMQVX9YQKKMF9Y5','hook:1','bulk',NULL,4,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795794769684,NULL);
INSERT INTO integration_queue VALUES(10,2,7,'test','{}',0,1,2,'completed',NULL,1795535569768,NULL,1795535569772,1795535569727,'01M87450SZP15Z0C4SX5T4E6H9','41ddf9eb153113e987d33c10532a725d9cb5e862929c9f304c798625c4bd40d6','urgent',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795536169727,'{"findings":[{"grade":"good","text":"the key may send mail"}]}');
INSERT INTO integration_queue VALUES(11,2,8,'test','{}',0,1,2,'completed',NULL,1795535569797,NULL,1795535569811,1795535569788,'01M87450VW843DVM11A8456KPS','30de8dbf97dadb287e3919e7a797f6bb0a32bced9603b353e6ab37fbce143664','urgent',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795536169788,'{"findings":[{"grade":"good","text":"the key may send for the domain"}]}');
INSERT INTO integration_queue VALUES(12,2,6,'test','{}',0,1,2,'completed',NULL,1795535569851,NULL,1795535569851,1795535569838,'01M87450XER4M2BQ2ESRN43781','4968121c4adf0ac61bc8859a52dc6d8be5996624e333d9af8fe67fa115ff3455','urgent',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795536169838,'{"findings":[{"grade":"good","text":"signed in as sandbox"}]}');
INSERT INTO integration_queue VALUES(13,2,15,'test','{}',0,1,2,'completed',NULL,1795535569954,NULL,1795535569955,1795535569855,'01M87450XZZ4JWFXNCSAXA3Y0F','7b892344ae683c3772106183d0b5d2d5860277bc52e6560b8f07d7ad601d8c53','urgent',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795536169855,'{"findings":[{"grade":"good","text":"Sandbox Moodle, Moodle 4.1.10 (Build: 20240422), as wsuser"}]}');
INSERT INTO integration_queue VALUES(14,2,1,'test','{}',0,1,2,'completed',NULL,1795535569998,NULL,1795535570000,1795535569976,'01M874511R0FWNE6WMYX34X5V9','7adf4eb9b29f354f9e60eb8e6664bd6af82e6921bdb07d331db7e17158335d2f','urgent',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795536169976,'{"findings":[{"grade":"good","text":"M-Pesa gave a token: key, secret and environment fit"}]}');
INSERT INTO integration_queue VALUES(15,2,2,'test','{}',0,1,2,'completed',NULL,1795535570039,NULL,1795535570051,1795535570013,'01M874512XAJPYF8TRFA7NRJB3','7e64ddf1bb1c20e11588aa0c673ebbc3763dc1ce3b10613b5b174ccd37b4d0e5','urgent',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795536170013,'{"findings":[{"grade":"good","text":"Flutterwave knows the secret key"}]}');
INSERT INTO integration_queue VALUES(16,2,3,'test','{}',0,1,2,'completed',NULL,1795535570097,NULL,1795535570107,1795535570067,'01M874514K3TPXWC8EFKM0M61Z','d335ec6428bd61aa4b6b14ae3fe052416302dc5609963b4edd38f2139030147f','urgent',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795536170067,'{"findings":[{"grade":"good","text":"Pesapal gave a token: key, secret and environment fit"},{"grade":"good","text":"the address for notifications is registered with the first payment"}]}');
INSERT INTO integration_queue VALUES(17,2,9,'test','{}',0,1,2,'completed',NULL,1795535570150,NULL,1795535570151,1795535570133,'01M874516NMJHG464T08HJ1WTZ','378a35169babfba06cb36e080457843ab16226b8882dae67ac8527a21ab6fc45','urgent',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795536170133,'{"findings":[{"grade":"good","text":"a message was looked at and not delivered"}]}');
INSERT INTO integration_queue VALUES(18,2,10,'test','{}',0,1,2,'completed',NULL,1795535570241,NULL,1795535570248,1795535570160,'01M874517GZ6SKBJRN3WZFV4XD','cde630947b38ef3624fa16ed37b5e908860d8f4b597490de0f778a0b8d950930','urgent',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795536170160,'{"findings":[{"grade":"good","text":"credential and topic are taken; nobody was notified"}]}');
INSERT INTO integration_queue VALUES(19,2,4,'test','{}',0,1,2,'completed',NULL,1795535570260,NULL,1795535570262,1795535570256,'01M87451AGXMADVCH82DDTXW48','aba9ca6249f152ed7fa0726711b6e2e0e149d7e05cf0afb300ec79311d87b0bd','urgent',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795536170256,'{"balance":"238747051.5747","currency":"KES","findings":[{"grade":"good","text":"balance: KES 238747051.5747"}]}');
INSERT INTO integration_queue VALUES(20,2,5,'test','{}',0,1,2,'completed',NULL,1795535570307,NULL,1795535570311,1795535570264,'01M87451AR52ANARBQNVJ21NXH','1767acabaff3da4ca06bd8de72afec144e3e031c96607e23fcef0c876c9b580c','urgent',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795536170264,'{"findings":[{"grade":"good","text":"the account is active"}]}');
INSERT INTO integration_queue VALUES(21,2,12,'test','{}',0,1,2,'completed',NULL,1795535570324,NULL,1795535570331,1795535570318,'01M87451CEC325W7QZ84SGWG04','3c7b6d1f97fa84782507596cf378f2c5064f3c76e66a1ccb4abd24c21af5497e','urgent',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795536170318,'{"findings":[{"grade":"good","text":"68463 MiB are free"}]}');
INSERT INTO integration_queue VALUES(22,2,13,'test','{}',0,1,2,'completed',NULL,1795535570587,NULL,1795535570593,1795535570339,'01M87451D304FKSX05QJ8Y1T0K','71ac8d9f33db534cc6a0cade08ba1c3897ee0d38223c163acbdec600c039e4b7','urgent',NULL,NULL,NULL,NULL,1,0,'sl1:k2-20261124-50b2:0V7fFRirBNAlztnQ6ZH4PpwYiIH47CW6jWRkLkyvO9LrNUdvREdbTSKRMkxaRyFDAoYysEK464tmNP292MBlM2Kf4sRsZly3l5AFizL/T4WQaqpFK8EgDhrefqE07t1k3Mc=',NULL,NULL,NULL,0,NULL,0,1795536170339,'{"findings":[{"grade":"good","text":"shulelabs-test@demo-school.iam.gserviceaccount.com may write into the folder greenhill"}]}');
INSERT INTO integration_queue VALUES(23,2,14,'test','{}',0,1,2,'completed',NULL,1795535570611,NULL,1795535570613,1795535570604,'01M87451NCYGJNMNNZCZ7JETWN','62eb1dc522b919876317855fde70664770edc9c57fc8e327cf363905069e0766','urgent',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795536170604,'{"findings":[{"grade":"good","text":"the bucket sandbox-files can be read"}]}');
INSERT INTO integration_queue VALUES(24,2,11,'test','{}',0,1,2,'completed',NULL,1795535570634,NULL,1795535570646,1795535570623,'01M87451NZ5AGG8PYS45G12TA4','e3b889040477c5f2739769932fa80017768acda8e13f4a8cf7794f73e3b82d05','urgent',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,1795536170623,'{"findings":[{"grade":"good","text":"the number is +1 555-000-1111, Sandbox"}]}');
INSERT INTO integration_queue VALUES(25,2,7,'email.send','{"to":[{"address":"a@school.example"}],"cc":[],"subject":"hi","text":"hello","files":[]}',0,1,5,'completed',NULL,1795535570739,NULL,1795535570744,1795535570691,'01M87451R35NZDSFRK30GGVR9K-1','41ddf9eb153113e987d33c10532a725d9cb5e862929c9f304c798625c4bd40d6','urgent',2,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,NULL,NULL);
INSERT INTO integration_queue VALUES(26,2,14,'storage.put','{"key":"x/f.txt","file":{"name":"f.txt","type":"text/plain","size":6,"sha256":"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03","path":"/srv/school/f.txt","modified_ns":1795535570750960257},"no_clobber":false}',0,1,5,'completed',NULL,1795535570771,NULL,1795535570775,1795535570760,'01M87451T81QS0HBN0GC1KVPC9','62eb1dc522b919876317855fde70664770edc9c57fc8e327cf363905069e0766','urgent',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,NULL,'{"record":{"key":"x/f.txt","size":6,"type":"text/plain","checksum":"sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"}}');
CREATE TABLE integration_logs (
    id                 INTEGER PRIMARY KEY,
    school_id          INTEGER REFERENCES schools (id) ON DELETE CASCADE,
    provider_id        INTEGER REFERENCES integration_providers (id) ON DELETE CASCADE,
    direction          TEXT    NOT NULL CHECK (direction IN ('outbound', 'inbound')),
    operation          TEXT    NOT NULL,
    reference_type     TEXT,
    reference_id       TEXT,
    request_data       TEXT    CHECK (request_data IS NULL OR json_valid(request_data)),
    response_data      TEXT    CHECK (response_data IS NULL OR json_valid(response_data)),
    status             TEXT    NOT NULL DEFAULT 'pending' CHECK (status = 'success' OR
                           status = 'failed' OR status = 'timeout' OR status = 'pending'),
    status_code        INTEGER,
    error_message      TEXT,
    duration_ms        INTEGER,
    external_reference TEXT,
    ip_address         TEXT,
    created_at         INTEGER NOT NULL,
    -- ours
    attempt            INTEGER,
    actor              TEXT,
    salt               TEXT    NOT NULL,
    body_digest        TEXT    NOT NULL, -- of salt, request, response and phones
    previous_hash      TEXT    NOT NULL,
    hash               TEXT    NOT NULL
) STRICT;
INSERT INTO integration_logs VALUES(1,2,NULL,'inbound','school.add','school','greenhill','{"name":{"before":null,"after":"Greenhill"},"country":{"before":null,"after":"KE"},"timezone":{"before":null,"after":"Africa/Nairobi"},"currency":{"before":null,"after":"KES"},"status":{"before":null,"after":"active"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480241,NULL,'root','99d21d99801c058205f899cd54ac37da','c6e9e2860fb0cccdbf3b1ea8e6474f7d0d7fe8c92720248abc75bde2dc92c4ae','0000000000000000000000000000000000000000000000000000000000000000','d36bc5fa1efa805e213354caa61b453e174b180989a583a62fa4a54aafa3648b');
INSERT INTO integration_logs VALUES(2,2,4,'inbound','config.set','config','1','{"environment":{"before":null,"after":"sandbox"},"username":{"before":null,"after":"sandbox"},"api_key":{"before":null,"after":"••••"},"base_url":{"before":null,"after":"http://127.0.0.1:40575"},"rate_per_second":{"before":null,"after":"0"},"max_in_flight":{"before":null,"after":"0"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480248,NULL,'root','74dcc989e06256ef110222df321e5c7a','cd72a4ab73daf084307dff0f8518dff520d7841f3b54fb50d8e2209c2d84404d','d36bc5fa1efa805e213354caa61b453e174b180989a583a62fa4a54aafa3648b','a74b236b221aadd71c00196c7cf6a5e31cf661fab55daa8b0e0f6b6050c8a0cc');
INSERT INTO integration_logs VALUES(3,2,4,'inbound','webhook.add','webhook','1',NULL,NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480258,NULL,'root','a3354ac21b11110b920009150c2837e6','b28801d19a10d9ec594ff9331e545b818df7ad810404daee28cc73beef034502','a74b236b221aadd71c00196c7cf6a5e31cf661fab55daa8b0e0f6b6050c8a0cc','e3e5d35b54162cb14d277444c9dcee5e7e1cb92ffbb838ea9d4799bd6a369ce2');
INSERT INTO integration_logs VALUES(4,2,5,'inbound','config.set','config','2','{"environment":{"before":null,"after":"sandbox"},"account_sid":{"before":null,"after":"AC00000000000000000000000000000001"},"auth_token":{"before":null,"after":"••••oken"},"from":{"before":null,"after":"+15005550006"},"base_url":{"before":null,"after":"http://127.0.0.1:40575"},"rate_per_second":{"before":null,"after":"0"},"max_in_flight":{"before":null,"after":"0"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480263,NULL,'root','38e82e05bab2b442e69e6973e0dae261','3d438870dd581ab0f23f04a606dda48033cb5fbd6afa69881d3d55dd16284fcb','e3e5d35b54162cb14d277444c9dcee5e7e1cb92ffbb838ea9d4799bd6a369ce2','a56fb295079f6671fd2ecfe7d816d8a4c6759d7a55198c4c5e58f041dd38acd5');
INSERT INTO integration_logs VALUES(5,2,5,'inbound','webhook.add','webhook','2',NULL,NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480264,NULL,'root','2a261c817fa541094a538468bd605b6a','410e719adc4223b9b3013587192f5332c0f5bc4c67e656f7124eafa68be1a2ee','a56fb295079f6671fd2ecfe7d816d8a4c6759d7a55198c4c5e58f041dd38acd5','d00bf273c38cf81ed15d2117968e7b34ebafff28ff9dc597a33241c379bb3384');
INSERT INTO integration_logs VALUES(6,2,5,'inbound','config.set','config','2','{"status_callback":{"before":null,"after":"http://127.0.0.1:45519/hooks/tw/01fd46ba4ade0e3437c8e8f3a1c3c196/status"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480267,NULL,'root','c39811b5986d32abbe86b58d93ba49bc','3540653c86a6bcaef25f9cec0fced4f25aabddbe0f47a1126fea4c6c63c13164','d00bf273c38cf81ed15d2117968e7b34ebafff28ff9dc597a33241c379bb3384','63125051ffa12af79f00ac12e1cb4899c7327de5ba0c0fd0805bd353b55e7b2e');
INSERT INTO integration_logs VALUES(7,2,1,'inbound','config.set','config','3','{"environment":{"before":null,"after":"sandbox"},"consumer_key":{"before":null,"after":"••••"},"consumer_secret":{"before":null,"after":"••••cret"},"shortcode":{"before":null,"after":"174379"},"passkey":{"before":null,"after":"••••c919"},"c2b_shortcode":{"before":null,"after":"600984"},"initiator_name":{"before":null,"after":"testapi"},"security_credential":{"before":null,"after":"••••AA=="},"base_url":{"before":null,"after":"http://127.0.0.1:40575"},"rate_per_second":{"before":null,"after":"0"},"max_in_flight":{"before":null,"after":"0"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480274,NULL,'root','05198f9e8f8d50458ff76e85bd9c0f8e','71b7be40dcdc92ad05390d3006fb46811c0c1711aec6bc74de4511d2d8de38f5','63125051ffa12af79f00ac12e1cb4899c7327de5ba0c0fd0805bd353b55e7b2e','63b96b28e2db92420aa8df82f2f2833e08c9a992f3b513457980aa1720fa49bc');
INSERT INTO integration_logs VALUES(8,2,1,'inbound','webhook.add','webhook','3',NULL,NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480275,NULL,'root','d6337c93438e80fd9a21e55f3a708d2b','d3b104d3c721ba71b2c5b319abab884d7175a189adf60b2b0576ae6867edb53d','63b96b28e2db92420aa8df82f2f2833e08c9a992f3b513457980aa1720fa49bc','4418d186b6b7305c89480273b40d05191997bdccd59aaffa47b1b4223c6e7bc1');
INSERT INTO integration_logs VALUES(9,2,2,'inbound','config.set','config','4','{"environment":{"before":null,"after":"sandbox"},"secret_key":{"before":null,"after":"••••ox-X"},"webhook_secret_hash":{"before":null,"after":"••••hash"},"redirect_url":{"before":null,"after":"https://school.example/paid"},"default_email":{"before":null,"after":"parent@school.example"},"base_url":{"before":null,"after":"http://127.0.0.1:40575"},"rate_per_second":{"before":null,"after":"0"},"max_in_flight":{"before":null,"after":"0"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480275,NULL,'root','a387601159441c3c0dd1867b7bd16afb','187af112c4bb00e73bea4b74b7ee04b747834b630c3f80899ae5520b638e4fa0','4418d186b6b7305c89480273b40d05191997bdccd59aaffa47b1b4223c6e7bc1','934dd0d81015cfbcb07af4a53d658a183c741197ed9505b8d1ea213c6d99a9ec');
INSERT INTO integration_logs VALUES(10,2,2,'inbound','webhook.add','webhook','4',NULL,NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480278,NULL,'root','b1ac324c48047ff8b71bff1ccdadfebf','f7d39d8fcce45ef7e3a27f6ebc85f4dea4c9eefa41fb51a9f6b43ef1d6551b35','934dd0d81015cfbcb07af4a53d658a183c741197ed9505b8d1ea213c6d99a9ec','5bc79826c356a6c7f3f71ce9fbfcf503a56cc4e48e4b6de75e1ff72b621229d6');
INSERT INTO integration_logs VALUES(11,2,3,'inbound','config.set','config','5','{"environment":{"before":null,"after":"sandbox"},"consumer_key":{"before":null,"after":"••••"},"consumer_secret":{"before":null,"after":"••••cret"},"callback_url":{"before":null,"after":"https://school.example/paid"},"refund_username":{"before":null,"after":"bursar"},"base_url":{"before":null,"after":"http://127.0.0.1:40575"},"rate_per_second":{"before":null,"after":"0"},"max_in_flight":{"before":null,"after":"0"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480287,NULL,'root','73b4b6afc00e197dd80d495c1d0b28ec','fc6fa47dbc461fcd9f095228b9fbfca578b45134e9a23e9aacec4df56d39581e','5bc79826c356a6c7f3f71ce9fbfcf503a56cc4e48e4b6de75e1ff72b621229d6','ffdca845f53f47e519a774e5dfa2ef70c0ead9a31bf7d223104cf228404e08d2');
INSERT INTO integration_logs VALUES(12,2,3,'inbound','config.set','config','5','{"notification_url":{"before":null,"after":"••••/ipn"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480288,NULL,'root','354c8d3f0ecc835618017a7151c54a5a','cfa9e2d58ef1aa78694fec701ef9a7adbd9dce2abf14ed1d596aa04f17389390','ffdca845f53f47e519a774e5dfa2ef70c0ead9a31bf7d223104cf228404e08d2','b5e3f120f0646d0cd4e2212dd86a0fc5ac6e6638b618a43449f1c285bce5abe4');
INSERT INTO integration_logs VALUES(13,2,3,'inbound','webhook.add','webhook','5',NULL,NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480288,NULL,'root','73e439e473ed4b6e7994f62d5983ef74','a70182948a84b727b735603a21949125bd78ca55bd96545d2e20928d3c3f52bd','b5e3f120f0646d0cd4e2212dd86a0fc5ac6e6638b618a43449f1c285bce5abe4','ca48a99dd4d2e3a8966d60853a86d78f4eed8d1f0b442319be381a18121639c7');
INSERT INTO integration_logs VALUES(14,2,15,'inbound','config.set','config','6','{"environment":{"before":null,"after":"sandbox"},"base_url":{"before":null,"after":"http://127.0.0.1:40575"},"token":{"before":null,"after":"••••6f6b"},"rate_per_second":{"before":null,"after":"0"},"max_in_flight":{"before":null,"after":"0"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480288,NULL,'root','3c32bf5ca8d78957a065e65713462c2e','8a00c90b5fa5e3b24f83fc1c4eda79640f7a1f221cad04c7356ac4f2889e5431','ca48a99dd4d2e3a8966d60853a86d78f4eed8d1f0b442319be381a18121639c7','60547323f2362de7313e6579254ec30dd07f165586e155c92e2f44fef64bb0f4');
INSERT INTO integration_logs VALUES(15,2,11,'inbound','config.set','config','7','{"environment":{"before":null,"after":"sandbox"},"access_token":{"before":null,"after":"••••"},"phone_number_id":{"before":null,"after":"106540352242922"},"waba_id":{"before":null,"after":"102290129340398"},"app_secret":{"before":null,"after":"••••cdef"},"base_url":{"before":null,"after":"http://127.0.0.1:40575"},"rate_per_second":{"before":null,"after":"0"},"max_in_flight":{"before":null,"after":"0"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480290,NULL,'root','6ef9b4e8e137dbc2aef8d6d4f2d53ecb','c6f31415a3f8f7eb3a6c7e7dc512ec05e23b9db0e2aa27fb0d337db2e6bc74d6','60547323f2362de7313e6579254ec30dd07f165586e155c92e2f44fef64bb0f4','7b8151e017026b952efc7fea00a252bd169cd3fcd5a84a0f503503bfda2a49f9');
INSERT INTO integration_logs VALUES(16,2,11,'inbound','config.set','config','7','{"verify_token":{"before":null,"after":"••••544d"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480295,NULL,'root','52954619baf4c4f9624745fd74c923a8','8353222032c2cf93a3be5e391b08bb092bc0d571616eb58c2e45f4cea0cb7c2c','7b8151e017026b952efc7fea00a252bd169cd3fcd5a84a0f503503bfda2a49f9','e58577aa69827ed45ab95c7bcd2657a56d18bc3d300c0ea80eca4623154f17e3');
INSERT INTO integration_logs VALUES(17,2,11,'inbound','webhook.add','webhook','6',NULL,NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480295,NULL,'root','0f3e0a985ccf0e82aa35e958a4aa4a7c','30bc2dcf0701443af6ac46b3408e984236e88f43f54d3f0bc623c20f0d77abf8','e58577aa69827ed45ab95c7bcd2657a56d18bc3d300c0ea80eca4623154f17e3','0c0c0dd44628c3c51b363c2243c7529195ffbe3c89361c91760620fc983b4844');
INSERT INTO integration_logs VALUES(18,2,12,'inbound','config.set','config','8','{"environment":{"before":null,"after":"sandbox"},"root":{"before":null,"after":"/srv/school/var/shulelabs.db-sandbox-files-greenhill"},"rate_per_second":{"before":null,"after":"0"},"max_in_flight":{"before":null,"after":"0"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480306,NULL,'root','89be1235e6da3c6599808ed400592e52','6b51edd1c7a41a81eeb98adae0cb767a8a2e9c500042dda5d200508568ee467f','0c0c0dd44628c3c51b363c2243c7529195ffbe3c89361c91760620fc983b4844','fa39afcaebeb846d1e0a8abdfb7050d1918eeafceec5873720f0227847cfd1af');
INSERT INTO integration_logs VALUES(19,2,7,'inbound','config.set','config','9','{"environment":{"before":null,"after":"sandbox"},"api_key":{"before":null,"after":"••••-key"},"from_email":{"before":null,"after":"bursar@school.test"},"webhook_public_key":{"before":null,"after":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmHZjm/coQ3CGLC8AiW+s9OGTDpjX+hTqabNbzjT0w8cidt2wMX5ZHEH28fN0ymNEyQO5dJwhaxhArxbhDSuVHA=="},"base_url":{"before":null,"after":"http://127.0.0.1:40575"},"rate_per_second":{"before":null,"after":"0"},"max_in_flight":{"before":null,"after":"0"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480315,NULL,'root','411687788d5dfcaa37f933420d538d73','a0c4d5a8331d078167c0210d21bd2609858facdec646571004906d550a05fa41','fa39afcaebeb846d1e0a8abdfb7050d1918eeafceec5873720f0227847cfd1af','63dd3f841a2cc1202db10935473ea3ca45478cbd1fbbe2a2155e52a5d592fc4f');
INSERT INTO integration_logs VALUES(20,2,7,'inbound','webhook.add','webhook','7',NULL,NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480323,NULL,'root','5830b90408fed931bb732b61194073d1','cd12dd4be853fd947ccf9b71d4dce2da2be9a7ac4c3fc453a87f68ab546d913f','63dd3f841a2cc1202db10935473ea3ca45478cbd1fbbe2a2155e52a5d592fc4f','8f2a58d23292416da9e2b4fb87e4423ac73fba168fce1f10091dbb83ffb76fb8');
INSERT INTO integration_logs VALUES(21,2,8,'inbound','config.set','config','10','{"environment":{"before":null,"after":"sandbox"},"api_key":{"before":null,"after":"••••"},"domain":{"before":null,"after":"mg.school.test"},"from_email":{"before":null,"after":"bursar@mg.school.test"},"webhook_signing_key":{"before":null,"after":"••••-key"},"base_url":{"before":null,"after":"http://127.0.0.1:40575"},"rate_per_second":{"before":null,"after":"0"},"max_in_flight":{"before":null,"after":"0"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480331,NULL,'root','255f6a647edd85e0795dd5f579790ff2','03c9517a37b9d1fa18e219c7bf20a763778927c77a54438d2272a61c7930936b','8f2a58d23292416da9e2b4fb87e4423ac73fba168fce1f10091dbb83ffb76fb8','a589f8bca85c07bcfa7ea3ddfd3f659e02111a14fe4cbc06877e8347bd4a4100');
INSERT INTO integration_logs VALUES(22,2,8,'inbound','webhook.add','webhook','8',NULL,NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480337,NULL,'root','bbc48b3f906582acf1a747b5b1170794','81b2d212501fc2dde3f9a004aba1387e86e6c9ade2f2a76b19542d6d82647f9f','a589f8bca85c07bcfa7ea3ddfd3f659e02111a14fe4cbc06877e8347bd4a4100','fa39ea101b995e2392510fef29b7be26924161601950123f78bded8bca2bf1e7');
INSERT INTO integration_logs VALUES(23,2,6,'inbound','config.set','config','11','{"environment":{"before":null,"after":"sandbox"},"host":{"before":null,"after":"127.0.0.1"},"port":{"before":null,"after":"40576"},"security":{"before":null,"after":"none"},"username":{"before":null,"after":"sandbox"},"password":{"before":null,"after":"••••word"},"from_email":{"before":null,"after":"bursar@school.test"},"rate_per_second":{"before":null,"after":"0"},"max_in_flight":{"before":null,"after":"0"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480343,NULL,'root','6c8e1b61cf50eaf482b2c6c1ae1eb7ed','790829fd8efb78078faef81d8a7420be7ede7c782cd13ee57f0c13dd1738f254','fa39ea101b995e2392510fef29b7be26924161601950123f78bded8bca2bf1e7','0351cc93a7765b016a147e74a3761033dd100e4794d35c5263bc757695ec675e');
INSERT INTO integration_logs VALUES(24,2,14,'inbound','config.set','config','12','{"environment":{"before":null,"after":"sandbox"},"access_key_id":{"before":null,"after":"AKIASANDBOX000000000"},"secret_access_key":{"before":null,"after":"••••0000"},"region":{"before":null,"after":"us-east-1"},"bucket":{"before":null,"after":"sandbox-files"},"prefix":{"before":null,"after":"greenhill/"},"base_url":{"before":null,"after":"http://127.0.0.1:40575"},"rate_per_second":{"before":null,"after":"0"},"max_in_flight":{"before":null,"after":"0"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480355,NULL,'root','711c6467463274bb270f05d026f619df','49a27ad6aec85fe5241cb6ba9b5ee02f0e73d93f8fee43fc0bb833e4de08e92c','0351cc93a7765b016a147e74a3761033dd100e4794d35c5263bc757695ec675e','83bbe49747102c630a2210269312864795ae94094693353d48c038c5d51fca05');
INSERT INTO integration_logs VALUES(25,2,13,'inbound','config.set','config','13','{"environment":{"before":null,"after":"sandbox"},"service_account":{"before":null,"after":"••••"},"folder_id":{"before":null,"after":"sandbox-greenhill"},"token_url":{"before":null,"after":"http://127.0.0.1:40575/token"},"base_url":{"before":null,"after":"http://127.0.0.1:40575"},"rate_per_second":{"before":null,"after":"0"},"max_in_flight":{"before":null,"after":"0"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480366,NULL,'root','c8225edf6d7afc477085aa1068f7e64d','04e6ab562a902df11caa7354b821a3b3725ec26751bde6e712854c4388db45a9','83bbe49747102c630a2210269312864795ae94094693353d48c038c5d51fca05','4b5d5e3715c8a1c18a8edf45c593c8d019c53ebc299b50f0e3cdbed0d9a3cd36');
INSERT INTO integration_logs VALUES(26,2,9,'inbound','config.set','config','14','{"environment":{"before":null,"after":"sandbox"},"service_account":{"before":null,"after":"••••"},"default_topic":{"before":null,"after":"all"},"token_url":{"before":null,"after":"http://127.0.0.1:40575/token"},"base_url":{"before":null,"after":"http://127.0.0.1:40575"},"rate_per_second":{"before":null,"after":"0"},"max_in_flight":{"before":null,"after":"0"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480425,NULL,'root','7ad3ae8f342ad1fd783a122a763528b5','0147673e6b327ea0ed2e916c0e8c1c2a492f8239cdb34012a015811a1c8fb774','4b5d5e3715c8a1c18a8edf45c593c8d019c53ebc299b50f0e3cdbed0d9a3cd36','e8eafe0cf2752b80062c4d6fb67585f6ddbdb22b60e1cbe3c22e2cca62f78859');
INSERT INTO integration_logs VALUES(27,2,10,'inbound','config.set','config','15','{"environment":{"before":null,"after":"sandbox"},"key_p8":{"before":null,"after":"••••"},"key_id":{"before":null,"after":"TESTKEY123"},"team_id":{"before":null,"after":"TEAMTEST01"},"topic":{"before":null,"after":"ke.example.school"},"base_url":{"before":null,"after":"http://127.0.0.1:40575"},"rate_per_second":{"before":null,"after":"0"},"max_in_flight":{"before":null,"after":"0"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480428,NULL,'root','ca392329be578148de215bc4cbe64d89','970ab26eb72edaa766e9ef249c4dc20092e8517744d45c8c940d0344a53631a9','e8eafe0cf2752b80062c4d6fb67585f6ddbdb22b60e1cbe3c22e2cca62f78859','f2a23a0b5a03f2f4b069924b2322a7c58f805c570ae24d41dbe40fb7fd6f94f3');
INSERT INTO integration_logs VALUES(28,2,NULL,'inbound','hook.add','hook','1','{"event":{"before":null,"after":"*"},"url":{"before":null,"after":"http://127.0.0.1:9/x"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480445,NULL,'root','cabd100a45e1d73e48f9d02e8b33e774','6bbe03962ccb05a0c8c2eb82b68db14290c09bb41b0991a6630798a2b237157f','f2a23a0b5a03f2f4b069924b2322a7c58f805c570ae24d41dbe40fb7fd6f94f3','a0a82b7ed78da999b2def05df6b488074919a4cac4a9d87ff45cfe2809f789c2');
INSERT INTO integration_logs VALUES(29,2,NULL,'inbound','alert.add','alert','2','{"event":{"before":null,"after":"trouble"},"sms":{"before":null,"after":"2547••••0009"}}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535480465,NULL,'root','b7d596ebeccb757f413b95d88def761e','2f1daa2f6a1519c9c9c428b152180002b95a3000bebd21b4360dc3108bc6ff16','a0a82b7ed78da999b2def05df6b488074919a4cac4a9d87ff45cfe2809f789c2','d82a396476a1ab776eea4adcd58541267cb6ef023f33c163901e3e67c33aae13');
INSERT INTO integration_logs VALUES(30,2,4,'outbound','sms.send','message','01M87429N4PQ5HBVQZG3GFSSEV-2','{"method":"POST","url":"http://127.0.0.1:40575/version1/messaging","headers":{"apiKey":"••••","Accept":"application/json","Content-Type":"application/x-www-form-urlencoded"},"body":{"username":"sandbox","to":"2547••••0001","message":"Dear Ann, hello","bulkSMSMode":"1","enqueue":"1"}}','{"body":{"SMSMessageData":{"Message":"Sent to 1/1 Total Cost: KES 0.8000","Recipients":[{"cost":"KES 0.8000","messageId":"ATXid_6712eb94001c4fdf01d5154ef4943e4c","messageParts":1,"number":"2547••••0001","status":"Success","statusCode":102}]}}}','success',201,NULL,0,'ATXid_6712eb94001c4fdf01d5154ef4943e4c',NULL,1795535480547,1,NULL,'a8480ed6bf3dc2b121187a6fea35d1fc','74684ebbcd5c070855cc4c50ab8f13f5af1c5cd5de7119fbd8696e71b08115ed','d82a396476a1ab776eea4adcd58541267cb6ef023f33c163901e3e67c33aae13','8e38749c4b539f4d9f42159e6d2877b3a5dc3d5a87a3ba16b8c3771d6f0d34e8');
INSERT INTO integration_logs VALUES(31,2,4,'outbound','sms.send','message','01M87429N4PQ5HBVQZG3GFSSEV-3','{"method":"POST","url":"http://127.0.0.1:40575/version1/messaging","headers":{"apiKey":"••••","Accept":"application/json","Content-Type":"application/x-www-form-urlencoded"},"body":{"username":"sandbox","to":"2547••••0002","message":"Dear Ben, hello","bulkSMSMode":"1","enqueue":"1"}}','{"body":{"SMSMessageData":{"Message":"Sent to 1/1 Total Cost: KES 0.8000","Recipients":[{"cost":"KES 0.8000","messageId":"ATXid_86845ab557e91c2d5cbd9a1caa3d2a44","messageParts":1,"number":"2547••••0002","status":"Success","statusCode":102}]}}}','success',201,NULL,0,'ATXid_86845ab557e91c2d5cbd9a1caa3d2a44',NULL,1795535480548,1,NULL,'300fce8da48d015f334f34710ca34397','dc9c93809c390e24b6414f091e3a18cf3a972142e42d82a40a4d4aa19f784ade','8e38749c4b539f4d9f42159e6d2877b3a5dc3d5a87a3ba16b8c3771d6f0d34e8','6ae1def2238100740c768230f151bbd01ca59ba63ad41a2e76d12ff2ba2bc9fa');
INSERT INTO integration_logs VALUES(32,2,1,'outbound','token',NULL,NULL,'{"method":"GET","url":"http://127.0.0.1:40575/oauth/v1/generate?grant_type=client_credentials","headers":{"Authorization":"••••","Accept":"application/json"}}','{"body":{"access_token":"••••","expires_in":"3599"}}','success',200,NULL,0,NULL,NULL,1795535480663,NULL,NULL,'e4eccf719611b147240d3d67c94739d4','e66fe0a34876a26d5ca946a19ca27b252c827bde00d9ffa0aa617db58a7ecead','6ae1def2238100740c768230f151bbd01ca59ba63ad41a2e76d12ff2ba2bc9fa','6a0c0ca2fa5212da2abe5f329b81921210b6ba8a9c5d8e8112458a3ad112b98c');
INSERT INTO integration_logs VALUES(33,2,1,'outbound','payment.request','payment','01M87429RTJB1HSXVF7VH8XK6R','{"method":"POST","url":"http://127.0.0.1:40575/mpesa/stkpush/v1/processrequest","headers":{"Authorization":"••••","Content-Type":"application/json","Accept":"application/json"},"body":{"BusinessShortCode":"174379","Password":"••••","Timestamp":"20261124185120","TransactionType":"CustomerPayBillOnline","Amount":"100","PartyA":"2547••••0001","PartyB":"174379","PhoneNumber":"2547••••0001","CallBackURL":"http://127.0.0.1:45519/hooks/k/••••/stk","AccountReference":"ADM1024","TransactionDesc":"Payment"}}','{"body":{"MerchantRequestID":"54796-2003319778-1","CheckoutRequestID":"ws_CO_241120261851200000007711000001","ResponseCode":"0","ResponseDescription":"Success. Request accepted for processing","CustomerMessage":"Success. Request accepted for processing"}}','success',200,NULL,0,'ws_CO_241120261851200000007711000001',NULL,1795535480674,1,NULL,'5bd6fc1efadef72fdf2e5dd128409e8b','beabe30a57291c212de4ad7acccc11d17aca6d5a2f005c49e9f4917530eedb47','6a0c0ca2fa5212da2abe5f329b81921210b6ba8a9c5d8e8112458a3ad112b98c','0615da2778345cdc6b6617ec01e4b27846c0de76c3161e07ed244b7415a9c387');
INSERT INTO integration_logs VALUES(34,2,4,'inbound','webhook.dlr','message',NULL,'{"phoneNumber":"2547••••0001","retryCount":"0","id":"ATXid_6712eb94001c4fdf01d5154ef4943e4c","status":"Success","networkCode":"99999"}',NULL,'success',200,NULL,NULL,'ATXid_6712eb94001c4fdf01d5154ef4943e4c','127.0.0.1',1795535480651,NULL,NULL,'70c649c4ea80d21aeae1ea944cca8476','aaa565b8ef9e54ce5a6bcd46cc7677f0ead43320cea7a00bdc1f8f50542b6d88','0615da2778345cdc6b6617ec01e4b27846c0de76c3161e07ed244b7415a9c387','d34acc2a67c0bb9bf6aebbb5c64fe09a8714c2315822522d491b531c09654bfd');
INSERT INTO integration_logs VALUES(35,2,4,'inbound','webhook.dlr','message',NULL,'{"phoneNumber":"2547••••0002","retryCount":"0","id":"ATXid_86845ab557e91c2d5cbd9a1caa3d2a44","status":"Success","networkCode":"99999"}',NULL,'success',200,NULL,NULL,'ATXid_86845ab557e91c2d5cbd9a1caa3d2a44','127.0.0.1',1795535480651,NULL,NULL,'f36604b6bc40658ebbbd2e93e54c2f85','10f9f70c824a27732f8348d05f954901e4134852afffc0e30613215e31abb9a5','d34acc2a67c0bb9bf6aebbb5c64fe09a8714c2315822522d491b531c09654bfd','986ba31d769988d812e649651c0244ca7c587d837a3de4d2359b5c1f61d1e914');
INSERT INTO integration_logs VALUES(36,2,1,'inbound','webhook.stk','payment','01M87429RTJB1HSXVF7VH8XK6R','{"Body":{"stkCallback":{"MerchantRequestID":"54796-2003319778-1","CheckoutRequestID":"ws_CO_241120261851200000007711000001","ResultCode":0,"ResultDesc":"The service request is processed successfully.","CallbackMetadata":{"Item":[{"Name":"Amount","Value":100.00},{"Name":"MpesaReceiptNumber","Value":"RQBBZQXT1G"},{"Name":"Balance"},{"Name":"TransactionDate","Value":20261124185120},{"Name":"PhoneNumber","Value":"2547••••0001"}]}}}}','{"ResultCode":0,"ResultDesc":"Accepted"}','success',200,NULL,NULL,'ws_CO_241120261851200000007711000001','127.0.0.1',1795535480774,NULL,NULL,'71f53f84deb1defe43a8b62ceabc68ce','5895038dea44da9c7ffc3a83265ea7619ea2e2af3d7685aa3ef2c334ff933c9c','986ba31d769988d812e649651c0244ca7c587d837a3de4d2359b5c1f61d1e914','136bfdeda373f1642155f6f6ef0f2bc5631ecbd42e87aae72821ee4dea568b83');
INSERT INTO integration_logs VALUES(37,2,1,'outbound','payment.verify','payment','01M87429RTJB1HSXVF7VH8XK6R','{"method":"POST","url":"http://127.0.0.1:40575/mpesa/stkpushquery/v1/query","headers":{"Authorization":"••••","Content-Type":"application/json","Accept":"application/json"},"body":{"BusinessShortCode":"174379","Password":"••••","Timestamp":"20261124185246","CheckoutRequestID":"ws_CO_241120261851200000007711000001"}}','{"body":{"ResponseCode":"0","ResponseDescription":"The service request has been accepted successfully","MerchantRequestID":"54796-2003319778-1","CheckoutRequestID":"ws_CO_241120261851200000007711000001","ResultCode":"0","ResultDesc":"The service request is processed successfully."}}','success',200,NULL,6,'ws_CO_241120261851200000007711000001',NULL,1795535566551,1,NULL,'245af81b7ca511e603a7330f5446ceea','08086c49902079ce29b2275d4e03ba26e980a3725bb501bc61f2a96280a8206e','136bfdeda373f1642155f6f6ef0f2bc5631ecbd42e87aae72821ee4dea568b83','6c45410b27e1eb853624b8aa9f1f9764ef64a6a1447b4a274f5888e551c67b00');
INSERT INTO integration_logs VALUES(38,2,NULL,'outbound','hook','hook_event','01M87429WK81E0N3V33HV8KGAK','{"method":"POST","url":"http://127.0.0.1:9/x","headers":{"Content-Type":"application/json","webhook-id":"01M87429WK81E0N3V33HV8KGAK","webhook-timestamp":"1795535566","webhook-signature":"v1,+VoeXNbTeXH4fTTnRVUb92VqPWG6UDdQM0iIaj9itfk="},"body":{"id":"01M87429WK81E0N3V33HV8KGAK","type":"message.delivered","created_at":"2026-11-24T15:51:20.723Z","school":"greenhill","data":{"id":"01M87429N4PQ5HBVQZG3GFSSEV-2","batch":"01M87429N4PQ5HBVQZG3GFSSEV","to":"2547••••0001","status":"delivered","external_reference":"ATXid_6712eb94001c4fdf01d5154ef4943e4c","segments":1,"cost":"0.8000","currency":"KES","error":null,"created_at":"2026-11-24T15:51:20.507Z","updated_at":"2026-11-24T15:51:20.723Z"}}}','{"reach":"not sent","transport":"Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server"}','failed',NULL,'Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server',0,NULL,NULL,1795535566552,1,NULL,'064daf5129285f573f24dafd007c9705','629e3cc31bcccf0d26899fe379da856dfb39cef2a3891829d1e4c730a9cd1d3f','6c45410b27e1eb853624b8aa9f1f9764ef64a6a1447b4a274f5888e551c67b00','0ff7a126e822fea8a7df4b86705a19b2b056998428ca4f1d43cf62328c83aab6');
INSERT INTO integration_logs VALUES(39,2,NULL,'outbound','hook','hook_event','01M87429WKDJXSFW475SEHKNKZ','{"method":"POST","url":"http://127.0.0.1:9/x","headers":{"Content-Type":"application/json","webhook-id":"01M87429WKDJXSFW475SEHKNKZ","webhook-timestamp":"1795535566","webhook-signature":"v1,36bybUspqtcTENHBZXiyL865ENZ/nhl6x+Wo06S1N1A="},"body":{"id":"01M87429WKDJXSFW475SEHKNKZ","type":"message.delivered","created_at":"2026-11-24T15:51:20.723Z","school":"greenhill","data":{"id":"01M87429N4PQ5HBVQZG3GFSSEV-3","batch":"01M87429N4PQ5HBVQZG3GFSSEV","to":"2547••••0002","status":"delivered","external_reference":"ATXid_86845ab557e91c2d5cbd9a1caa3d2a44","segments":1,"cost":"0.8000","currency":"KES","error":null,"created_at":"2026-11-24T15:51:20.507Z","updated_at":"2026-11-24T15:51:20.723Z"}}}','{"reach":"not sent","transport":"Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server"}','failed',NULL,'Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server',0,NULL,NULL,1795535566552,1,NULL,'a49763f29bd617969823f4113dac7d0f','8ed1d3a5ecc96f1990ab809eb2ec645e73a1c2889d629b6f8b2a01fbdba6b1fa','0ff7a126e822fea8a7df4b86705a19b2b056998428ca4f1d43cf62328c83aab6','8907986d1cbd6da262955ef449c2fc5b58550e80f6a9bf57be8eb37d17ff936b');
INSERT INTO integration_logs VALUES(40,2,NULL,'outbound','hook','hook_event','01M8744XPQ0A3JSS0ZR0X4STJ2','{"method":"POST","url":"http://127.0.0.1:9/x","headers":{"Content-Type":"application/json","webhook-id":"01M8744XPQ0A3JSS0ZR0X4STJ2","webhook-timestamp":"1795535566","webhook-signature":"v1,GLgnOAl9clB4tfRVDRO/26kg96ZtsCM+l+m3LEVeOSA="},"body":{"id":"01M8744XPQ0A3JSS0ZR0X4STJ2","type":"payment.succeeded","created_at":"2026-11-24T15:52:46.551Z","school":"greenhill","data":{"id":"01M87429RTJB1HSXVF7VH8XK6R","provider":"mpesa","status":"succeeded","amount":"100.00","currency":"KES","phone":"2547••••0001","reference":"ADM1024","description":null,"external_reference":"ws_CO_241120261851200000007711000001","receipt":"RQBBZQXT1G","checkout_url":null,"error":null,"created_at":"2026-11-24T15:51:20.602Z","updated_at":"2026-11-24T15:52:46.551Z","meta":null,"school":"greenhill","source":"request","payer":null,"mismatch":null}}}','{"reach":"not sent","transport":"Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server"}','failed',NULL,'Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server',0,NULL,NULL,1795535566754,1,NULL,'555db65c0188a85f85d42929702950f0','9727b6d7795a5b2f92dde0fc7d340c3d71598a21c2f7fbc4fa2faa1f49654d5d','8907986d1cbd6da262955ef449c2fc5b58550e80f6a9bf57be8eb37d17ff936b','82502509418872f24b072013cdb1832bf88a16ae6e126548b5ffe8856a1b1bfd');
INSERT INTO integration_logs VALUES(41,2,NULL,'outbound','hook','hook_event','01M8744XPQ0A3JSS0ZR0X4STJ2','{"method":"POST","url":"http://127.0.0.1:9/x","headers":{"Content-Type":"application/json","webhook-id":"01M8744XPQ0A3JSS0ZR0X4STJ2","webhook-timestamp":"1795535567","webhook-signature":"v1,1zXmyr/sVJ7jrPvWC2qgyit2PUo1cKUy8bbSn3i5kdk="},"body":{"id":"01M8744XPQ0A3JSS0ZR0X4STJ2","type":"payment.succeeded","created_at":"2026-11-24T15:52:46.551Z","school":"greenhill","data":{"id":"01M87429RTJB1HSXVF7VH8XK6R","provider":"mpesa","status":"succeeded","amount":"100.00","currency":"KES","phone":"2547••••0001","reference":"ADM1024","description":null,"external_reference":"ws_CO_241120261851200000007711000001","receipt":"RQBBZQXT1G","checkout_url":null,"error":null,"created_at":"2026-11-24T15:51:20.602Z","updated_at":"2026-11-24T15:52:46.551Z","meta":null,"school":"greenhill","source":"request","payer":null,"mismatch":null}}}','{"reach":"not sent","transport":"Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server"}','failed',NULL,'Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server',0,NULL,NULL,1795535567504,2,NULL,'c68a84a30df2d07856d95c84b97ce7b2','a9cc2a051e7a932ff91f637114074d23e72a82ab14c5fa3d0485aaeb8c7b2951','82502509418872f24b072013cdb1832bf88a16ae6e126548b5ffe8856a1b1bfd','b7fac61210cae9be4f46b2be9c8d3be97647431042275b26aed674c0001a202e');
INSERT INTO integration_logs VALUES(42,2,NULL,'outbound','hook','hook_event','01M87429WK81E0N3V33HV8KGAK','{"method":"POST","url":"http://127.0.0.1:9/x","headers":{"Content-Type":"application/json","webhook-id":"01M87429WK81E0N3V33HV8KGAK","webhook-timestamp":"1795535567","webhook-signature":"v1,d3nGDYOut5CxC7HdYSpbZuosnuXh5RK3q/vzbujTzsw="},"body":{"id":"01M87429WK81E0N3V33HV8KGAK","type":"message.delivered","created_at":"2026-11-24T15:51:20.723Z","school":"greenhill","data":{"id":"01M87429N4PQ5HBVQZG3GFSSEV-2","batch":"01M87429N4PQ5HBVQZG3GFSSEV","to":"2547••••0001","status":"delivered","external_reference":"ATXid_6712eb94001c4fdf01d5154ef4943e4c","segments":1,"cost":"0.8000","currency":"KES","error":null,"created_at":"2026-11-24T15:51:20.507Z","updated_at":"2026-11-24T15:51:20.723Z"}}}','{"reach":"not sent","transport":"Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server"}','failed',NULL,'Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server',0,NULL,NULL,1795535567911,2,NULL,'1f54c584b5be0320b89ae75c934ccd6f','96a951f75af037aa318b3bf47f71caaacc8db66475c74e619e43f711f835e498','b7fac61210cae9be4f46b2be9c8d3be97647431042275b26aed674c0001a202e','77b5398510d570e17116fcf530132e1938611cc49a8f5360daf86da9a658a755');
INSERT INTO integration_logs VALUES(43,2,1,'inbound','webhook.add','webhook','9',NULL,NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535569602,NULL,'root','3e75ec07f1484377539fc9354856826e','7165e27548e83d4460c8cd0ad068cb610aba678eaba1c66e3be974e43893eed6','77b5398510d570e17116fcf530132e1938611cc49a8f5360daf86da9a658a755','5e0744c1939e658a325875a96797420cb5e8506fbd7e24e67dace602728f4658');
INSERT INTO integration_logs VALUES(44,2,1,'outbound','c2b.register',NULL,'01M87450PKX1B7CBYZ2ES55FCT','{"method":"POST","url":"http://127.0.0.1:40575/mpesa/c2b/v2/registerurl","headers":{"Authorization":"••••","Content-Type":"application/json","Accept":"application/json"},"body":{"ShortCode":"600984","ResponseType":"Completed","ConfirmationURL":"http://127.0.0.1:45519/hooks/k/••••/confirm","ValidationURL":"http://127.0.0.1:45519/hooks/k/••••/validate"}}','{"body":{"OriginatorCoversationID":"d5f8-6ce2-3533872132","ResponseCode":"0","ResponseDescription":"Success"}}','success',200,NULL,0,'d5f8-6ce2-3533872132',NULL,1795535569653,1,NULL,'d04ce954dbc0b5c17b8c7c95021c4cdf','80fb06e1b2c00f4b0fa238b3a3a4fd54c91dfdb19f42b0ba0118a880e8f302ff','5e0744c1939e658a325875a96797420cb5e8506fbd7e24e67dace602728f4658','3a700e5cc617b0e7dd08bccaa71c2a15ff8fe0a37b251d8aa86b72eadfc0024c');
INSERT INTO integration_logs VALUES(45,2,NULL,'inbound','optout.add',NULL,NULL,NULL,NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535569684,NULL,'root','8dbce94b08100e31aaa50bbe698de904','3e0f77564cd36c05e77a480f0a4a51235427f3227b5fd78f1168f06d6a1fded9','3a700e5cc617b0e7dd08bccaa71c2a15ff8fe0a37b251d8aa86b72eadfc0024c','f30fd660f908829c7f2745d3c4f426fb3686202179b122862df6d7259e8f0c46');
INSERT INTO integration_logs VALUES(46,2,7,'outbound','test',NULL,'01M87450SZP15Z0C4SX5T4E6H9','{"method":"GET","url":"http://127.0.0.1:40575/v3/scopes","headers":{"Authorization":"••••","Accept":"application/json"}}','{"body":{"scopes":["mail.send"]}}','success',200,NULL,0,NULL,NULL,1795535569772,1,NULL,'13f9551f6eb78d1811f1f680e6d2bcc2','05833a46ede2f27b1c208a37b2c043cc17549222ff091dab5129136773ca7faf','f30fd660f908829c7f2745d3c4f426fb3686202179b122862df6d7259e8f0c46','52bc47c02f0cfa2e16b5c8e3c3b87479f1d924bfeff083a7d4d25815f58a8689');
INSERT INTO integration_logs VALUES(47,2,8,'outbound','test',NULL,'01M87450VW843DVM11A8456KPS','{"method":"POST","url":"http://127.0.0.1:40575/v3/mg.school.test/messages","headers":{"Authorization":"••••","Accept":"application/json","Content-Type":"multipart/form-data; boundary=----sl461fc351ef2c4398437f3da24b92a4be"},"body":"------sl461fc351ef2c4398437f3da24b92a4be\u000d\u000aContent-Disposition: form-data; name=\"from\"\u000d\u000a\u000d\u000abursar@mg.school.test\u000d\u000a------sl461fc351ef2c4398437f3da24b92a4be--\u000d\u000a"}','{"body":{"message":"to parameter is missing"}}','failed',400,NULL,0,NULL,NULL,1795535569811,1,NULL,'0a027022d4892d24344eaa730693bd3b','b617b37c0ca4adbca4b90fe37196884156c0032f28e4a0403d77340804b70c0f','52bc47c02f0cfa2e16b5c8e3c3b87479f1d924bfeff083a7d4d25815f58a8689','c023af48f5f41913da9a60ce2c23e02d2e390e31d76cd0e23e616c9c54901139');
INSERT INTO integration_logs VALUES(48,2,6,'outbound','test',NULL,'01M87450XER4M2BQ2ESRN43781','{"method":"NOOP","url":"smtp://127.0.0.1:40576/school.test"}','{}','success',250,NULL,0,NULL,NULL,1795535569851,1,NULL,'6aa26473e654c6b560fb8f43cd4d796b','e9ab65f8d98ffccf69ded16f692334639ea57387c497094677b998b2d3e4a6c2','c023af48f5f41913da9a60ce2c23e02d2e390e31d76cd0e23e616c9c54901139','ab6ba4780cd7554cb3991f7a0a20dfe27b0ae3b5ca222ea67c3d465c2575737c');
INSERT INTO integration_logs VALUES(49,2,15,'outbound','token',NULL,NULL,NULL,'{}','success',NULL,NULL,0,NULL,NULL,1795535569903,NULL,NULL,'8db50ed0e0b9bf7c5d6fed7beba2598b','c61d882f6292d3456cda5351e6642a9f1c4af8faf880a8656406e0193feba755','ab6ba4780cd7554cb3991f7a0a20dfe27b0ae3b5ca222ea67c3d465c2575737c','23f04118d235408a2e6a4aaca5bf4173652e3c23782f5c80880a8b108828f662');
INSERT INTO integration_logs VALUES(50,2,15,'outbound','test',NULL,'01M87450XZZ4JWFXNCSAXA3Y0F','{"method":"POST","url":"http://127.0.0.1:40575/webservice/rest/server.php","headers":{"Content-Type":"application/x-www-form-urlencoded"},"body":{"wstoken":"••••","wsfunction":"core_webservice_get_site_info","moodlewsrestformat":"json"}}','{"body":{"sitename":"Sandbox Moodle","username":"wsuser","firstname":"Web","lastname":"Service","fullname":"Web Service","lang":"en","userid":3,"siteurl":"http://127.0.0.1:40575","functions":[{"name":"core_webservice_get_site_info","version":"2022112810"},{"name":"core_user_get_users","version":"2022112810"},{"name":"core_user_get_users_by_field","version":"2022112810"},{"name":"core_user_create_users","version":"2022112810"},{"name":"core_user_update_users","version":"2022112810"},{"name":"core_course_get_courses_by_field","version":"2022112810"},{"name":"core_enrol_get_enrolled_users","version":"2022112810"},{"name":"enrol_manual_enrol_users","version":"2022112810"},{"name":"enrol_manual_unenrol_users","version":"2022112810"},{"name":"gradereport_user_get_grade_items","version":"2022112810"},{"name":"core_cohort_search_cohorts","version":"2022112810"},{"name":"core_cohort_create_cohorts","version":"2022112810"},{"name":"core_cohort_get_cohort_members","version":"2022112810"},{"name":"core_cohort_add_cohort_members","version":"2022112810"}],"downloadfiles":0,"uploadfiles":0,"release":"4.1.10 (Build: 20240422)","version":"2022112810","siteid":1,"userissiteadmin":false}}','success',200,NULL,0,NULL,NULL,1795535569955,1,NULL,'42782ed81795ce485f48292f72457e3b','d3656dd65c68ea34b4b72f2db6b7a9c5ece6fd01f77a9f8aea428ee4421ff011','23f04118d235408a2e6a4aaca5bf4173652e3c23782f5c80880a8b108828f662','160a8b4020c9379a10bdf63e335ecee237e94ebd8743f51d8103f61aa5a25b2b');
INSERT INTO integration_logs VALUES(51,2,1,'outbound','token',NULL,NULL,'{"method":"GET","url":"http://127.0.0.1:40575/oauth/v1/generate?grant_type=client_credentials","headers":{"Authorization":"••••","Accept":"application/json"}}','{"body":{"access_token":"••••","expires_in":"3599"}}','success',200,NULL,0,NULL,NULL,1795535569989,NULL,NULL,'f17e9078298af9ba4f9e887365a6f16a','c94e54e8bb5775e4a1a625dceea17e5613d6dea5f0959eb1e96672271d19a4d9','160a8b4020c9379a10bdf63e335ecee237e94ebd8743f51d8103f61aa5a25b2b','65f9e8a25c8ba24c2ea07d1aa80aea6bf4cbd2f85788590f72e9e9869f5e3f19');
INSERT INTO integration_logs VALUES(52,2,1,'outbound','test',NULL,'01M874511R0FWNE6WMYX34X5V9',NULL,'{}','success',NULL,NULL,0,NULL,NULL,1795535570000,1,NULL,'c82ed20e9e755a22b27296d672e6bb6b','9dbcc3c590dcd2b5258443a7f5a6c4f9ce8c31a255e2e2ca929dbf4e16069632','65f9e8a25c8ba24c2ea07d1aa80aea6bf4cbd2f85788590f72e9e9869f5e3f19','3cf5761e7556ffec45e9d8d1ca66c4dd3542afb817654e4338fcee4514fc428b');
INSERT INTO integration_logs VALUES(53,2,2,'outbound','test',NULL,'01M874512XAJPYF8TRFA7NRJB3','{"method":"GET","url":"http://127.0.0.1:40575/v3/transactions?from=2026-11-24&to=2026-11-24","headers":{"Authorization":"••••"}}','{"body":{"status":"success","message":"Transactions fetched","meta":{"page_info":{"total":0,"current_page":1,"total_pages":0}},"data":[]}}','success',200,NULL,0,NULL,NULL,1795535570051,1,NULL,'8f612ef195a1401321ce989e62a742ef','64bf43bb953dcf8c0c97413e83d9cfdac899834823d93650feab2d1dfbd06a2f','3cf5761e7556ffec45e9d8d1ca66c4dd3542afb817654e4338fcee4514fc428b','3886a8b4d8d9546523cc7ed25542d6681af2ecd0f410d9401bea547e7bda1ce0');
INSERT INTO integration_logs VALUES(54,2,3,'outbound','token',NULL,NULL,'{"method":"POST","url":"http://127.0.0.1:40575/api/Auth/RequestToken","headers":{"Accept":"application/json","Content-Type":"application/json"},"body":{"consumer_key":"••••","consumer_secret":"••••"}}','{"body":{"token":"••••","expiryDate":"2026-11-24T15:57:50.091Z","error":null,"status":"200","message":"Request processed successfully"}}','success',200,NULL,0,NULL,NULL,1795535570091,NULL,NULL,'ebefdb560f18fc58f5d06cc368706365','2afb90623421f1020ada9bf2555c00c0a2a7cd503ec115cbd267907f9a31680a','3886a8b4d8d9546523cc7ed25542d6681af2ecd0f410d9401bea547e7bda1ce0','fc35674412f3ad54c101411e282ab8f2eb2b0ec85104e0df853a343f5664e81f');
INSERT INTO integration_logs VALUES(55,2,3,'outbound','test',NULL,'01M874514K3TPXWC8EFKM0M61Z','{"method":"GET","url":"http://127.0.0.1:40575/api/URLSetup/GetIpnList","headers":{"Accept":"application/json","Authorization":"••••","Content-Type":"application/json"}}','{"body":[]}','success',200,NULL,0,NULL,NULL,1795535570107,1,NULL,'0ca4e395f0c00fff9215181e3fd457d3','a090edbb672b70c2bc0d959a0faec5050e2e4845321221f5770ae3b07cebb569','fc35674412f3ad54c101411e282ab8f2eb2b0ec85104e0df853a343f5664e81f','7e7295261af53cf61dc1357f75858835b99b6c273c0a8d4394a3d06a69d06416');
INSERT INTO integration_logs VALUES(56,2,9,'outbound','token',NULL,NULL,'{"method":"POST","url":"http://127.0.0.1:40575/token","headers":{"Accept":"application/json","Content-Type":"application/x-www-form-urlencoded"},"body":{"grant_type":"urn:ietf:params:oauth:grant-type:jwt-bearer","assertion":"••••"}}','{"body":{"access_token":"••••","expires_in":3599,"token_type":"Bearer","scope":"https://www.googleapis.com/auth/firebase.messaging"}}','success',200,NULL,2,NULL,NULL,1795535570148,NULL,NULL,'0969522132e34cf7a255e097b9361b85','4d739461cba2cdd4a6be101f021e32299df9e99e2175b9c69c2f14ba92bbcce0','7e7295261af53cf61dc1357f75858835b99b6c273c0a8d4394a3d06a69d06416','f1fb6dedb298defd56b9e9cca158957ce98a7f4cf8872ff07f6ba62ea9a8568c');
INSERT INTO integration_logs VALUES(57,2,9,'outbound','test',NULL,'01M874516NMJHG464T08HJ1WTZ','{"method":"POST","url":"http://127.0.0.1:40575/v1/projects/demo-school/messages:send","headers":{"Authorization":"••••","Content-Type":"application/json; charset=utf-8"},"body":{"message":{"topic":"shulelabs-healthcheck","notification":{"title":"test","body":"test"}},"validate_only":true}}','{"body":{"name":"projects/demo-school/messages/fake_message_id"}}','success',200,NULL,0,NULL,NULL,1795535570151,1,NULL,'44959cd7fb8922c0c3fd22ff88726183','511f76d747a66234f72fa177103c2abe282c17b4691133a627d94f2ece2db92b','f1fb6dedb298defd56b9e9cca158957ce98a7f4cf8872ff07f6ba62ea9a8568c','95b970dc563c8380bd80f349c6bcc9d429285d573c0029d5cbad69a68c61f8ac');
INSERT INTO integration_logs VALUES(58,2,10,'outbound','token',NULL,NULL,NULL,'{}','success',NULL,NULL,0,NULL,NULL,1795535570188,NULL,NULL,'0e2b5e48a1a0569017d0fb04450935d5','df323cf70abcaeb003898e4c362309e46144cd3f21c190371fef340dd55b01f0','95b970dc563c8380bd80f349c6bcc9d429285d573c0029d5cbad69a68c61f8ac','f3db15a841cd107a937f9b11fadb0cdb72a35684507f76d1148bdb9a2f98eb2b');
INSERT INTO integration_logs VALUES(59,2,10,'outbound','test',NULL,'01M874517GZ6SKBJRN3WZFV4XD','{"method":"POST","url":"http://127.0.0.1:40575/3/device/0000000000000000000000000000000000000000000000000000000000000000","headers":{"apns-topic":"ke.example.school","apns-push-type":"alert","apns-expiration":"0","authorization":"••••"},"body":{"aps":{"alert":"test"}}}','{"body":{"reason":"BadDeviceToken"}}','failed',400,NULL,0,NULL,NULL,1795535570248,1,NULL,'4bb6553803b328a13f483cc12acf4c0c','f53c32cc2c7909b57d85bc26513db5eca98978cd95477df307c31290a5e96661','f3db15a841cd107a937f9b11fadb0cdb72a35684507f76d1148bdb9a2f98eb2b','0a468a162814999708b03c66776790d7ff5de53911513c731fa5484a5119b4b6');
INSERT INTO integration_logs VALUES(60,2,4,'outbound','test',NULL,'01M87451AGXMADVCH82DDTXW48','{"method":"GET","url":"http://127.0.0.1:40575/version1/user?username=sandbox","headers":{"apiKey":"••••","Accept":"application/json"}}','{"body":{"UserData":{"balance":"KES 238747051.5747"}}}','success',200,NULL,0,NULL,NULL,1795535570262,1,NULL,'20f5539651b3e545a64d6ce741d55f6d','d3f33dc00af8c77549b1f8a82a24b390c60a58f678eb7efea6926cdc9d1a711f','0a468a162814999708b03c66776790d7ff5de53911513c731fa5484a5119b4b6','c20459dec85bb00ec176347f5c806bde6c8ab6ca411b51b081592837f0407496');
INSERT INTO integration_logs VALUES(61,2,5,'outbound','test',NULL,'01M87451AR52ANARBQNVJ21NXH','{"method":"GET","url":"http://127.0.0.1:40575/2010-04-01/Accounts/AC00000000000000000000000000000001.json","headers":{"Authorization":"••••","Accept":"application/json"}}','{"body":{"sid":"AC00000000000000000000000000000001","status":"active","type":"Full","friendly_name":"Sandbox"}}','success',200,NULL,0,NULL,NULL,1795535570311,1,NULL,'183637ad43b8e33a887ba3ac311a9e2b','e23af7df53ca3fed4e358bbea130b97375d6272c30cf08c0b14ce4129a774aca','c20459dec85bb00ec176347f5c806bde6c8ab6ca411b51b081592837f0407496','00729da1d5cd0ba796da4c2e343a8681c2e5e0536811b0362764d826a7a64996');
INSERT INTO integration_logs VALUES(62,2,12,'outbound','test',NULL,'01M87451CEC325W7QZ84SGWG04','{"method":"PROBE","url":"file:///srv/school/var/shulelabs.db-sandbox-files-greenhill/"}','{"body":{"free":"71••••9472"}}','success',NULL,NULL,7,NULL,NULL,1795535570331,1,NULL,'a0797641eb1030fbb1c725952200a935','fd1f5a7b3d2b322e88f1bdd444c9801a6a2bd9fb42206210466ecb85ab7f41f0','00729da1d5cd0ba796da4c2e343a8681c2e5e0536811b0362764d826a7a64996','180c936a6326f2efafbae6f0045e78642ba6802dc94d8a8b2495f43e359fce01');
INSERT INTO integration_logs VALUES(63,2,13,'outbound','token',NULL,NULL,'{"method":"POST","url":"http://127.0.0.1:40575/token","headers":{"Accept":"application/json","Content-Type":"application/x-www-form-urlencoded"},"body":{"grant_type":"urn:ietf:params:oauth:grant-type:jwt-bearer","assertion":"••••"}}','{"body":{"access_token":"••••","expires_in":3599,"token_type":"Bearer","scope":"https://www.googleapis.com/auth/drive"}}','success',200,NULL,0,NULL,NULL,1795535570362,NULL,NULL,'59beec6ba474587d91a86b0870ba4878','21ff0b298629a9118e4a16afe7e387c723ec8e33189b9ba53ba8af895381e14c','180c936a6326f2efafbae6f0045e78642ba6802dc94d8a8b2495f43e359fce01','ade00c27410c39a3e4e1388a9ce5f5f91cda9f3369d864034003b59f030b1fdc');
INSERT INTO integration_logs VALUES(64,2,13,'outbound','test',NULL,'01M87451D304FKSX05QJ8Y1T0K','{"method":"GET","url":"http://127.0.0.1:40575/drive/v3/about?fields=user%28emailAddress%2CdisplayName%29%2CstorageQuota","headers":{"Authorization":"••••"}}','{"body":{"user":{"emailAddress":"shulelabs-test@demo-school.iam.gserviceaccount.com","displayName":"Sandbox"},"storageQuota":{"usage":"0"}}}','success',200,NULL,0,NULL,NULL,1795535570370,1,NULL,'29ab2578dc47dca7fea18b237141617f','fd33915b6ec7453f2bbc498bb671760d7a7817029f75dd91a3dd9647e7a6dfc5','ade00c27410c39a3e4e1388a9ce5f5f91cda9f3369d864034003b59f030b1fdc','454c8504579bcc85574859cd4233bfc76cf1aa522d3e833fd960aae6d9c04810');
INSERT INTO integration_logs VALUES(65,2,13,'outbound','token',NULL,NULL,'{"method":"POST","url":"http://127.0.0.1:40575/token","headers":{"Accept":"application/json","Content-Type":"application/x-www-form-urlencoded"},"body":{"grant_type":"urn:ietf:params:oauth:grant-type:jwt-bearer","assertion":"••••"}}','{"body":{"access_token":"••••","expires_in":3599,"token_type":"Bearer","scope":"https://www.googleapis.com/auth/drive"}}','success',200,NULL,7,NULL,NULL,1795535570580,NULL,NULL,'acaf79915de2a29139819e134f1b6658','56a21e88ff1615117f94adfbfdf252d54ff8a11900aee95f440092e5956ce840','454c8504579bcc85574859cd4233bfc76cf1aa522d3e833fd960aae6d9c04810','24e958f52e670713a2922558238fe4f32245c24a2b4a8d60cc27231623914dea');
INSERT INTO integration_logs VALUES(66,2,13,'outbound','test',NULL,'01M87451D304FKSX05QJ8Y1T0K','{"method":"GET","url":"http://127.0.0.1:40575/drive/v3/files/sandbox-greenhill?fields=id%2Cname%2CmimeType%2Ctrashed%2CdriveId%2Ccapabilities%28canAddChildren%29&supportsAllDrives=true","headers":{"Authorization":"••••"}}','{"body":{"id":"sandbox-greenhill","name":"greenhill","mimeType":"application/vnd.google-apps.folder","driveId":"0ASANDBOX","trashed":false,"capabilities":{"canAddChildren":true}}}','success',200,NULL,0,NULL,NULL,1795535570593,1,NULL,'e9d5e73cde96b1b023ec8debbb23205c','f0fbc2c15dc9aa23c37a4d0afe00015e268a6f2afa332397a685203252008de5','24e958f52e670713a2922558238fe4f32245c24a2b4a8d60cc27231623914dea','da7b6f8936d82ed8a42bc3901f17a7e471fc926267c2653ca32b123c8e106fb6');
INSERT INTO integration_logs VALUES(67,2,14,'outbound','test',NULL,'01M87451NCYGJNMNNZCZ7JETWN','{"method":"GET","url":"http://127.0.0.1:40575/sandbox-files?encoding-type=url&list-type=2&max-keys=1&prefix=greenhill%2F","headers":{"x-amz-content-sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","x-amz-date":"20261124T155250Z","Authorization":"••••"}}','{"body":"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"}','success',200,NULL,0,NULL,NULL,1795535570613,1,NULL,'3ceb06d09c07c357da4fe5c14962fb28','6eb8e90d5f59da8e511a2b246a942100f4160dd5471cae0d46b9cbd57fa06041','da7b6f8936d82ed8a42bc3901f17a7e471fc926267c2653ca32b123c8e106fb6','3b7417a92670f16efe91facb25b36be1f64d9397da7fdbb951f60a36d73feb71');
INSERT INTO integration_logs VALUES(68,2,11,'outbound','test',NULL,'01M87451NZ5AGG8PYS45G12TA4','{"method":"GET","url":"http://127.0.0.1:40575/v24.0/10••••2922?fields=id%2Cdisplay_phone_number%2Cverified_name%2Cquality_rating%2Ccode_verification_status%2Cplatform_type%2Cthroughput%2Cname_status","headers":{"Authorization":"••••"}}','{"body":{"id":"10••••2922","display_phone_number":"15••••1111","verified_name":"Sandbox","quality_rating":"GREEN","platform_type":"CLOUD_API","name_status":"APPROVED"}}','success',200,NULL,3,NULL,NULL,1795535570646,1,NULL,'aa448439c339b6ed45e2506607e5a75a','b4ec354b0cbdbaa7fb68669f980862a7773daae0f2560cd4755044679f20292e','3b7417a92670f16efe91facb25b36be1f64d9397da7fdbb951f60a36d73feb71','6451449d4e373ef88965b4222357d5fd000eb44981b45f5c681b249accce8a9f');
INSERT INTO integration_logs VALUES(69,2,7,'outbound','email.send','message','01M87451R35NZDSFRK30GGVR9K-1','{"method":"POST","url":"http://127.0.0.1:40575/v3/mail/send","headers":{"Authorization":"••••","Accept":"application/json","Content-Type":"application/json"},"body":{"from":{"email":"bursar@school.test","name":"Greenhill"},"subject":"hi","personalizations":[{"to":[{"email":"a@school.example"}],"custom_args":{"message_id":"01M87451R35NZDSFRK30GGVR9K-1"}}],"content":[{"type":"text/plain","value":"hello"}]}}','{}','success',202,NULL,0,'979f1485befb61a9',NULL,1795535570744,1,NULL,'b71d44194fa2e97d655a1093c01be818','0444ed7baad4bfa45f735c2af910055fc3c890a1bf894feb3b85f5f6b57ef7ec','6451449d4e373ef88965b4222357d5fd000eb44981b45f5c681b249accce8a9f','0acba537ef0b077076d1b34e09fc0211830c88253aa0cebedf5905f7601dd04a');
INSERT INTO integration_logs VALUES(70,2,14,'outbound','storage.put','object','x/f.txt','{"method":"PUT","url":"http://127.0.0.1:40575/sandbox-files/greenhill/x/f.txt","headers":{"Content-Type":"text/plain","x-amz-content-sha256":"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03","x-amz-date":"20261124T155250Z","Authorization":"••••"},"body_bytes":6}','{}','success',200,NULL,2,NULL,NULL,1795535570775,1,NULL,'5ef00f296df17ce5cfabc5238689b1cf','4a0af70ccbaa0348b8cdbc55a8a6439e17f801d5a2a0363a1fc21fb296f6cc0b','0acba537ef0b077076d1b34e09fc0211830c88253aa0cebedf5905f7601dd04a','c84755732ae1f143b3ca15a81c0d35ec434c2bf4b9faf87d708f86e13ee24a68');
INSERT INTO integration_logs VALUES(71,NULL,NULL,'inbound','key.rotate','key','k2-20261124-50b2','{"resealed":34,"unopened":0,"webhook":"w2-20261124-0d7d"}',NULL,'success',NULL,NULL,NULL,NULL,NULL,1795535570831,NULL,'root','0a790088787f677ed68f4aaa45346f9a','b0bfe553682bf95db8e67777d914a1f56a692f01834a1dda84e17f256146bfaf','c84755732ae1f143b3ca15a81c0d35ec434c2bf4b9faf87d708f86e13ee24a68','77ae15323e2d648e5cf2c2787626890318870af81e0fc1298cc3baf49d36a395');
CREATE TABLE log_phones (
    log_id     INTEGER NOT NULL REFERENCES integration_logs (id) ON DELETE CASCADE,
    phone_hash BLOB    NOT NULL, -- keyed
    PRIMARY KEY (log_id, phone_hash)
) STRICT, WITHOUT ROWID;
INSERT INTO log_phones VALUES(30,X'0077ffe937e0e4a1906863712ed19dc6');
INSERT INTO log_phones VALUES(31,X'ef611eaf1e1ae8c525c585d595fc930a');
INSERT INTO log_phones VALUES(33,X'0077ffe937e0e4a1906863712ed19dc6');
INSERT INTO log_phones VALUES(34,X'0077ffe937e0e4a1906863712ed19dc6');
INSERT INTO log_phones VALUES(35,X'ef611eaf1e1ae8c525c585d595fc930a');
INSERT INTO log_phones VALUES(36,X'0077ffe937e0e4a1906863712ed19dc6');
INSERT INTO log_phones VALUES(37,X'0077ffe937e0e4a1906863712ed19dc6');
INSERT INTO log_phones VALUES(38,X'0077ffe937e0e4a1906863712ed19dc6');
INSERT INTO log_phones VALUES(39,X'ef611eaf1e1ae8c525c585d595fc930a');
INSERT INTO log_phones VALUES(40,X'0077ffe937e0e4a1906863712ed19dc6');
INSERT INTO log_phones VALUES(41,X'0077ffe937e0e4a1906863712ed19dc6');
INSERT INTO log_phones VALUES(42,X'0077ffe937e0e4a1906863712ed19dc6');
INSERT INTO log_phones VALUES(45,X'2da6cde994edf20b81d2a43a397f5d76');
CREATE TABLE log_anchors (
    id         INTEGER PRIMARY KEY,
    last_id    INTEGER NOT NULL, -- the last row that was removed
    hash       TEXT    NOT NULL, -- and its hash
    removed    INTEGER NOT NULL, -- how many rows went with it
    signature  TEXT    NOT NULL, -- keyed hash over the three
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE integration_webhooks (
    id               INTEGER PRIMARY KEY,
    school_id        INTEGER REFERENCES schools (id) ON DELETE CASCADE,
    provider_id      INTEGER NOT NULL REFERENCES integration_providers (id) ON DELETE CASCADE,
    endpoint_path    TEXT    NOT NULL UNIQUE, -- SHA-256 of the token in its address
    secret_key       TEXT,                    -- sealed: what proves a callback
    events           TEXT    CHECK (events IS NULL OR json_valid(events)),
    is_active        INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    last_received_at INTEGER,
    receive_count    INTEGER NOT NULL DEFAULT 0,
    created_at       INTEGER NOT NULL,
    name             TEXT,   -- what a person calls it
    route            TEXT    -- keyed hash of what its events are found by, where a path serves several
) STRICT;
INSERT INTO integration_webhooks VALUES(1,2,4,'7c6a21f70f37063fae9fd7e53f3e1a2ecb8a532f6810d01ac8b1b4e0174e726e','sl1:w2-20261124-0d7d:CVJTIZNzZrdBUlRhDd11mhtaWXSMuFm9kd3x1S9R',NULL,1,1795535480651,2,1795535480258,'sandbox',NULL);
INSERT INTO integration_webhooks VALUES(2,2,5,'393b3d4336f8f54208e16e1e90bd9d88acc96208499210e964f2e5b461c4e8a3','sl1:w2-20261124-0d7d:fFt8JLAtPFXUh0dN/F2QqLCTzwFx5YGsdzs5KKDJ55D2MBbjno1l7VVULTGV9L9KJmCppPwEcK6mXuZpGbSb4pIPgmwGxVghzTNvyawwriRVKw3Q5qCO0I0MA+Sv9fqP7SmcYubxAQ3s0Zh2pA==',NULL,1,NULL,0,1795535480264,'sandbox',NULL);
INSERT INTO integration_webhooks VALUES(3,2,1,'397f98d027343bb7a5bc2bcb4151e2868e266584c4d11d3e0869d12443655cb0','sl1:w2-20261124-0d7d:ZTk+LZY9GIpsiOCyECTA3iHgP6WARk9vZprZFlT9iYc/qQZBjJqAVPJy+k8/POT1inQ+kJ19/wkb9+gZyAIUovQzRlgDuqw0Om5M',NULL,1,NULL,0,1795535480275,'sandbox',NULL);
INSERT INTO integration_webhooks VALUES(4,2,2,'fd1b0f5ff7970c09b9607b6917c647efd8e3fe65caeb016abf209250fbe5b870','sl1:w2-20261124-0d7d:jJ7Uz6C2tu67lSgwunx3V2ZvPCW6GWFn4oeggV5vX1ZIJEsZ6V13PQf/iIrS3ecv+3AeVHguG6TGkGb0KMKEcyBz',NULL,1,NULL,0,1795535480278,'sandbox',NULL);
INSERT INTO integration_webhooks VALUES(5,2,3,'035c8a449f0a4e17e7631aaed96295aa122cbc89d5977c3883f1b47089e5718d','sl1:w2-20261124-0d7d:jdMkgXZw5XNE8pD8jEugmmX/WEpBPaeBI95aqv8b',NULL,1,NULL,0,1795535480287,'sandbox',NULL);
INSERT INTO integration_webhooks VALUES(6,2,11,'a92164617a853cde591b156c4fca7bf1d6e37eb6e00fbca509636b7dd8f5c826','sl1:w2-20261124-0d7d:SCGr7u2+v5/FPKlirOpvpBTm0AiKCo88tM62+J7exiW7iJDdZLTKMa3SiMtXEzqDp/P+KAoMpp4gVDEmUbUTnju0X7a+KVT8fIpjFN/zv7mpraszKs3viR/5oFL3ZEuBzxBKtkDmjR6QcXcxb3lYHHJ6HE0TO0QcWRELMglYNMmg5D3DZP1bYliK27t/jGb4roXz7tCVgc7iN94Dw3+kBUVirQ==',NULL,1,NULL,0,1795535480295,'sandbox','4c00d4b547c49258ba183b06c510f785abd77a62a56b9b09bf13d7564017a071');
INSERT INTO integration_webhooks VALUES(7,2,7,'bab59661b8cb280593ba91064be2cd15f2e550a436fc175d682dad36225cb628','sl1:w2-20261124-0d7d:xAWI+D15xCk3kDYnGu741uLC/SfKQvvF0+Ufaz9Ac056AMSJ56nOPgHf8anw0x6GGPzxky1mkuZG+AgYD7rq+Un3yIlvsloQvBwWUReLyMrGhZbjrkXNX99Xat7ArKVHsHbcqPM4KdtRA/mbXA3OgpmMOMaEZBe2dn6iOUOwsAok4LvPIT9UoOCxmlqby/3RbnZuDudd65PSvaTNrGS9LWOMkRx+9CyvzfJ4z7Cy762v',NULL,1,NULL,0,1795535480323,'sandbox',NULL);
INSERT INTO integration_webhooks VALUES(8,2,8,'928c5130e94eeb8a260b2bc65ace25e55da8ad744c2402e4e437ce68e899b5a3','sl1:w2-20261124-0d7d:cM3hYSaz79i0rq/72u/56/zBH7sZeH5nLUsKV+NTQd0H3+gme1lykrQcqjUmLKRfV1dGfqPR7DYEjsWMR1qrq7rX6Nz7Hbj5sA==',NULL,1,NULL,0,1795535480337,'sandbox',NULL);
INSERT INTO integration_webhooks VALUES(9,2,1,'d041f1c86d2cab84c2a5a17eb7cfb529b7506472d26ad0694dfaddf84d365bad','sl1:w2-20261124-0d7d:Z3F61kBb+DXHwKcM1Ilsock3o8wzvjq/yM4/JOFNSrmomDIN2R1x0LkBIp8kDo/ccvUsGcdOTvRhU3dW+GuYcjE0iHsUdIZlc8ct',NULL,1,NULL,0,1795535569602,'C2B',NULL);
CREATE TABLE oauth_tokens (
    id            INTEGER PRIMARY KEY,
    school_id     INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    provider_id   INTEGER NOT NULL REFERENCES integration_providers (id) ON DELETE CASCADE,
    access_token  TEXT    NOT NULL, -- sealed
    refresh_token TEXT,             -- sealed
    token_type    TEXT    NOT NULL DEFAULT 'Bearer',
    expires_at    INTEGER,
    scopes        TEXT    CHECK (scopes IS NULL OR json_valid(scopes)),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    -- ours
    account       TEXT    NOT NULL UNIQUE,
    version       INTEGER NOT NULL DEFAULT 1,
    renewed_at    INTEGER NOT NULL,
    UNIQUE (school_id, provider_id)
) STRICT;
INSERT INTO oauth_tokens VALUES(1,2,1,'sl1:k2-20261124-50b2:SG5QHxMOqL2/e7+4/KwVHmNugE6xxTa0WD7ugp+ISWF97wj90nmxF+Jp+BP3sxAYfU0rvTrftJ8=',NULL,'Bearer',1795539168989,NULL,1795535480663,1795535569989,'7adf4eb9b29f354f9e60eb8e6664bd6af82e6921bdb07d331db7e17158335d2f',2,1795535569989);
INSERT INTO oauth_tokens VALUES(2,2,15,'sl1:k2-20261124-50b2:7NpZ3xZgEM0gCX3kX9R0WCI3VwoJ9kYY6lHvcVLy1uIskQSn714jG0N9Wb0BaT9IxhAQeHnyujzH0APw',NULL,'Bearer',2110895569903,NULL,1795535569903,1795535569903,'7b892344ae683c3772106183d0b5d2d5860277bc52e6560b8f07d7ad601d8c53',1,1795535569903);
INSERT INTO oauth_tokens VALUES(3,2,3,'sl1:k2-20261124-50b2:b/al1Hsvz7toZutLJp7m+wY4yN4x5S+i25/tPpustZPKRIgblQ8h2NpVRGcfTMRKbqpG4lngnPFWfwjTGP9eRsg9OoSwnUYs2dVlfw==',NULL,'Bearer',1795535870000,NULL,1795535570091,1795535570091,'d335ec6428bd61aa4b6b14ae3fe052416302dc5609963b4edd38f2139030147f',1,1795535570091);
INSERT INTO oauth_tokens VALUES(4,2,9,'sl1:k2-20261124-50b2:SfZc02zbCk/d8IoAYG8JhQoMk+f3azTAKJz5Uqp1BjN5QAOJ/cfkTuzon8nN6uFQWaVWEEiNF9fWZEaDyOAdVmQigEDs9NScIQ==',NULL,'Bearer',1795539169143,NULL,1795535570149,1795535570149,'378a35169babfba06cb36e080457843ab16226b8882dae67ac8527a21ab6fc45',1,1795535570149);
INSERT INTO oauth_tokens VALUES(5,2,10,'sl1:k2-20261124-50b2:iJ8U7w7bEBrX4dID7FAIAweay9r5raRMfwcJbc3r1iN5RnI8BxRZzOMLoVsI3z9hfPoGHcwN6jSLGphEmXd6vxkxERCyAMV3poFxifyCKb8tcN9EGzZgcn2zMcEyuHfXje3G86f2cPfmWZNFPHlDrDknQqNgKYOX8LFNEte/qQMSXD9dNdguxDouo5y8XCXwxasnz2JkI4v+AnWqLaxCFL8lgg+5xFm8zeBBFvzqeF8wlGMNqgYEztyBGLo96jOJrXLDdW1djlWJ45XxCo1Zyq3gKgw=',NULL,'Bearer',1795539170185,NULL,1795535570188,1795535570188,'cde630947b38ef3624fa16ed37b5e908860d8f4b597490de0f778a0b8d950930',1,1795535570188);
INSERT INTO oauth_tokens VALUES(6,2,13,'sl1:k2-20261124-50b2:87WsRD0+NeEIFKsa/2E5hBYNgshtAQqOs4NpaGpZUZ+N1ZIYqUgBP96jyl0JJqfg5O6bHXSr9oALwwvKVPXgA+um58VKH8NLhA==',NULL,'Bearer',1795539169570,NULL,1795535570362,1795535570580,'71ac8d9f33db534cc6a0cade08ba1c3897ee0d38223c163acbdec600c039e4b7',2,1795535570580);
CREATE TABLE accounts (
    account        TEXT    PRIMARY KEY,
    provider_id    INTEGER REFERENCES integration_providers (id) ON DELETE CASCADE, -- null: a hook's
    boot_id        TEXT    NOT NULL DEFAULT '', -- whose clock the boot_ms below are on
    failures       INTEGER NOT NULL DEFAULT 0,  -- in a row
    open_boot_ms   INTEGER NOT NULL DEFAULT 0,  -- the breaker is open until then
    opened         INTEGER NOT NULL DEFAULT 0,  -- how often in a row, for the length of the pause
    probe_runner   INTEGER,
    probe_boot_ms  INTEGER NOT NULL DEFAULT 0,  -- until then the probe is that runner's
    hold_boot_ms   INTEGER NOT NULL DEFAULT 0,  -- all wait until then
    level_milli    INTEGER NOT NULL DEFAULT 0,  -- the bucket, in thousandths
    filled_boot_ms INTEGER NOT NULL DEFAULT 0,
    blocked        TEXT,                        -- why nobody is called until a person acts
    lock_runner    INTEGER,
    lock_boot_ms   INTEGER NOT NULL DEFAULT 0,  -- until then the grant is that runner's
    held           TEXT,                        -- why all wait, where a person can cure it
    trouble        TEXT -- the event that told that it is down; null: nothing was, or it is over
) STRICT, WITHOUT ROWID;
INSERT INTO accounts VALUES('1767acabaff3da4ca06bd8de72afec144e3e031c96607e23fcef0c876c9b580c',5,'8508fce2-afae-458f-966b-995d9d4803ce',0,0,0,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
INSERT INTO accounts VALUES('30de8dbf97dadb287e3919e7a797f6bb0a32bced9603b353e6ab37fbce143664',8,'8508fce2-afae-458f-966b-995d9d4803ce',0,0,0,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
INSERT INTO accounts VALUES('378a35169babfba06cb36e080457843ab16226b8882dae67ac8527a21ab6fc45',9,'8508fce2-afae-458f-966b-995d9d4803ce',0,0,0,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
INSERT INTO accounts VALUES('3c7b6d1f97fa84782507596cf378f2c5064f3c76e66a1ccb4abd24c21af5497e',12,'8508fce2-afae-458f-966b-995d9d4803ce',0,0,0,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
INSERT INTO accounts VALUES('41ddf9eb153113e987d33c10532a725d9cb5e862929c9f304c798625c4bd40d6',7,'8508fce2-afae-458f-966b-995d9d4803ce',0,0,0,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
INSERT INTO accounts VALUES('4968121c4adf0ac61bc8859a52dc6d8be5996624e333d9af8fe67fa115ff3455',6,'8508fce2-afae-458f-966b-995d9d4803ce',0,0,0,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
INSERT INTO accounts VALUES('62eb1dc522b919876317855fde70664770edc9c57fc8e327cf363905069e0766',14,'8508fce2-afae-458f-966b-995d9d4803ce',0,0,0,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
INSERT INTO accounts VALUES('71ac8d9f33db534cc6a0cade08ba1c3897ee0d38223c163acbdec600c039e4b7',13,'8508fce2-afae-458f-966b-995d9d4803ce',0,0,0,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
INSERT INTO accounts VALUES('7adf4eb9b29f354f9e60eb8e6664bd6af82e6921bdb07d331db7e17158335d2f',1,'8508fce2-afae-458f-966b-995d9d4803ce',0,0,0,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
INSERT INTO accounts VALUES('7b892344ae683c3772106183d0b5d2d5860277bc52e6560b8f07d7ad601d8c53',15,'8508fce2-afae-458f-966b-995d9d4803ce',0,0,0,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
INSERT INTO accounts VALUES('7e64ddf1bb1c20e11588aa0c673ebbc3763dc1ce3b10613b5b174ccd37b4d0e5',2,'8508fce2-afae-458f-966b-995d9d4803ce',0,0,0,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
INSERT INTO accounts VALUES('aba9ca6249f152ed7fa0726711b6e2e0e149d7e05cf0afb300ec79311d87b0bd',4,'8508fce2-afae-458f-966b-995d9d4803ce',0,0,0,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
INSERT INTO accounts VALUES('cde630947b38ef3624fa16ed37b5e908860d8f4b597490de0f778a0b8d950930',10,'8508fce2-afae-458f-966b-995d9d4803ce',0,0,0,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
INSERT INTO accounts VALUES('d335ec6428bd61aa4b6b14ae3fe052416302dc5609963b4edd38f2139030147f',3,'8508fce2-afae-458f-966b-995d9d4803ce',0,0,0,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
INSERT INTO accounts VALUES('e3b889040477c5f2739769932fa80017768acda8e13f4a8cf7794f73e3b82d05',11,'8508fce2-afae-458f-966b-995d9d4803ce',0,0,0,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
INSERT INTO accounts VALUES('hook:1',NULL,'8508fce2-afae-458f-966b-995d9d4803ce',5,27452576,1,NULL,0,0,0,0,NULL,NULL,0,NULL,NULL);
CREATE TABLE runners (
    id            INTEGER PRIMARY KEY,
    boot_id       TEXT    NOT NULL,
    pid           INTEGER NOT NULL,
    program       TEXT    NOT NULL,
    lease_boot_ms INTEGER NOT NULL,
    started_at    INTEGER NOT NULL
) STRICT;
INSERT INTO runners VALUES(1,'8508fce2-afae-458f-966b-995d9d4803ce',19988,'sl-sms',0,1795535480511);
INSERT INTO runners VALUES(2,'8508fce2-afae-458f-966b-995d9d4803ce',20005,'sl-pay',0,1795535480627);
INSERT INTO runners VALUES(3,'8508fce2-afae-458f-966b-995d9d4803ce',11941,'sl-queue-run',0,1795535566532);
INSERT INTO runners VALUES(4,'8508fce2-afae-458f-966b-995d9d4803ce',11986,'sl-queue-run',0,1795535566793);
INSERT INTO runners VALUES(5,'8508fce2-afae-458f-966b-995d9d4803ce',12020,'sl-queue-run',0,1795535567134);
INSERT INTO runners VALUES(6,'8508fce2-afae-458f-966b-995d9d4803ce',12110,'sl-queue-run',0,1795535567479);
INSERT INTO runners VALUES(7,'8508fce2-afae-458f-966b-995d9d4803ce',12182,'sl-queue-run',0,1795535567870);
INSERT INTO runners VALUES(8,'8508fce2-afae-458f-966b-995d9d4803ce',12234,'sl-queue-run',0,1795535568233);
INSERT INTO runners VALUES(9,'8508fce2-afae-458f-966b-995d9d4803ce',12289,'sl-queue-run',0,1795535568569);
INSERT INTO runners VALUES(10,'8508fce2-afae-458f-966b-995d9d4803ce',12390,'sl-queue-run',0,1795535568908);
INSERT INTO runners VALUES(11,'8508fce2-afae-458f-966b-995d9d4803ce',12450,'sl-queue-run',0,1795535569279);
INSERT INTO runners VALUES(12,'8508fce2-afae-458f-966b-995d9d4803ce',12511,'sl-pay',0,1795535569631);
INSERT INTO runners VALUES(13,'8508fce2-afae-458f-966b-995d9d4803ce',12535,'test',0,1795535569735);
INSERT INTO runners VALUES(14,'8508fce2-afae-458f-966b-995d9d4803ce',12535,'test',0,1795535569791);
INSERT INTO runners VALUES(15,'8508fce2-afae-458f-966b-995d9d4803ce',12535,'test',0,1795535569843);
INSERT INTO runners VALUES(16,'8508fce2-afae-458f-966b-995d9d4803ce',12535,'test',0,1795535569858);
INSERT INTO runners VALUES(17,'8508fce2-afae-458f-966b-995d9d4803ce',12535,'test',0,1795535569979);
INSERT INTO runners VALUES(18,'8508fce2-afae-458f-966b-995d9d4803ce',12535,'test',0,1795535570026);
INSERT INTO runners VALUES(19,'8508fce2-afae-458f-966b-995d9d4803ce',12535,'test',0,1795535570075);
INSERT INTO runners VALUES(20,'8508fce2-afae-458f-966b-995d9d4803ce',12535,'test',0,1795535570133);
INSERT INTO runners VALUES(21,'8508fce2-afae-458f-966b-995d9d4803ce',12535,'test',0,1795535570170);
INSERT INTO runners VALUES(22,'8508fce2-afae-458f-966b-995d9d4803ce',12535,'test',0,1795535570257);
INSERT INTO runners VALUES(23,'8508fce2-afae-458f-966b-995d9d4803ce',12535,'test',0,1795535570265);
INSERT INTO runners VALUES(24,'8508fce2-afae-458f-966b-995d9d4803ce',12535,'test',0,1795535570319);
INSERT INTO runners VALUES(25,'8508fce2-afae-458f-966b-995d9d4803ce',12535,'test',0,1795535570347);
INSERT INTO runners VALUES(26,'8508fce2-afae-458f-966b-995d9d4803ce',12535,'test',0,1795535570606);
INSERT INTO runners VALUES(27,'8508fce2-afae-458f-966b-995d9d4803ce',12535,'test',0,1795535570627);
INSERT INTO runners VALUES(28,'8508fce2-afae-458f-966b-995d9d4803ce',12701,'sl-email',0,1795535570715);
INSERT INTO runners VALUES(29,'8508fce2-afae-458f-966b-995d9d4803ce',12710,'sl-storage',0,1795535570767);
CREATE TABLE facts (
    account TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    key     TEXT    NOT NULL,
    value   TEXT    NOT NULL,
    until   INTEGER,
    PRIMARY KEY (account, kind, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE spool (
    sha256  TEXT    PRIMARY KEY,
    size    INTEGER NOT NULL,
    used_at INTEGER NOT NULL -- when an operation last took it
) STRICT, WITHOUT ROWID;
CREATE TABLE spool_users (
    sha256   TEXT    NOT NULL REFERENCES spool (sha256) ON DELETE CASCADE,
    queue_id INTEGER NOT NULL REFERENCES integration_queue (id) ON DELETE CASCADE,
    PRIMARY KEY (sha256, queue_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE message_batches (
    id              INTEGER PRIMARY KEY,
    public_id       TEXT    NOT NULL UNIQUE,
    school_id       INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    provider_id     INTEGER NOT NULL REFERENCES integration_providers (id) ON DELETE CASCADE,
    kind            TEXT    NOT NULL, -- "sms.send", "sms.bulk"
    state           TEXT    NOT NULL DEFAULT 'loading' CHECK (state IN
                        ('loading', 'ready', 'sending', 'done', 'cancelled')),
    idempotency_key TEXT,
    content_hash    TEXT,    -- of list and text, once it was read to its end
    text_hash       TEXT,    -- of text and options alone, from the start
    stopped         TEXT,    -- why the rest is not sent: an outcome that concerned the batch
    total           INTEGER NOT NULL DEFAULT 0,
    currency        TEXT,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    finished_at     INTEGER
) STRICT;
INSERT INTO message_batches VALUES(1,'01M87429N4PQ5HBVQZG3GFSSEV',2,4,'sms.bulk','done',NULL,'23af408a5b4426c7265bbaf49e34e176436e4f34d6f3cd9d66e858637d186997','330ffd359ba4a87afaf02ca50724916feaa811be2395e3e86faf193d00c6d52f',NULL,4,NULL,1795535480484,1795535480567,1795535480567);
INSERT INTO message_batches VALUES(2,'01M87451R35NZDSFRK30GGVR9K',2,7,'email.send','done',NULL,'1fc8036821f8df584deed271bef4e49d60bcff700d1767d90cf49d865d107c55','611ff7b32497d441760640b1970fabec5d904ec01a00b28417c8b349cd17b76a',NULL,1,NULL,1795535570691,1795535570746,1795535570746);
CREATE TABLE messages (
    id                 INTEGER PRIMARY KEY,
    batch_id           INTEGER NOT NULL REFERENCES message_batches (id) ON DELETE CASCADE,
    line               INTEGER NOT NULL,
    address_given      TEXT    NOT NULL,
    address            TEXT,    -- as sent; null where there is none to send to
    queue_id           INTEGER REFERENCES integration_queue (id) ON DELETE SET NULL,
    place              INTEGER NOT NULL DEFAULT 0, -- within its queue row
    dedupe             INTEGER, -- hash of address and text
    status             TEXT    NOT NULL CHECK (status = 'queued' OR status = 'sent' OR
                           status = 'delivered' OR status = 'sending' OR status = 'undelivered' OR
                           status = 'failed' OR status = 'unknown' OR status = 'cancelled' OR
                           status = 'skipped'),
    external_reference TEXT,
    segments           INTEGER,
    cost_micro         INTEGER, -- 10^-6 of the currency
    cost_text          TEXT,    -- as the provider wrote it
    currency           TEXT,
    error              TEXT,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    UNIQUE (batch_id, line)
) STRICT;
INSERT INTO messages VALUES(1,1,2,'0711000001','+254711000001',1,0,624893416189825798,'delivered','ATXid_6712eb94001c4fdf01d5154ef4943e4c',1,800000,'0.8000','KES',NULL,1795535480507,1795535480723);
INSERT INTO messages VALUES(2,1,3,'0711000002','+254711000002',2,0,6805193841092080175,'delivered','ATXid_86845ab557e91c2d5cbd9a1caa3d2a44',1,800000,'0.8000','KES',NULL,1795535480507,1795535480723);
INSERT INTO messages VALUES(3,1,4,'123',NULL,NULL,0,NULL,'failed',NULL,NULL,NULL,NULL,NULL,'too short',1795535480507,1795535480507);
INSERT INTO messages VALUES(4,1,5,'0711000001','+254711000001',NULL,0,NULL,'skipped',NULL,1,NULL,NULL,NULL,'the same message to the same address once more',1795535480507,1795535480507);
INSERT INTO messages VALUES(5,2,1,'a@school.example','a@school.example',25,0,2738553127481422702,'sent','979f1485befb61a9',NULL,NULL,NULL,NULL,NULL,1795535570703,1795535570744);
CREATE TABLE optouts (
    school_id INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    channel   TEXT    NOT NULL CHECK (channel IN ('sms', 'email', 'push', 'whatsapp')),
    address   TEXT    NOT NULL,
    source    TEXT    NOT NULL,
    since     INTEGER NOT NULL,
    PRIMARY KEY (school_id, channel, address)
) STRICT, WITHOUT ROWID;
INSERT INTO optouts VALUES(2,'sms','+254711000033','admin',1795535569684);
CREATE TABLE payments (
    id                  INTEGER PRIMARY KEY,
    public_id           TEXT    NOT NULL UNIQUE,
    school_id           INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    provider_id         INTEGER NOT NULL REFERENCES integration_providers (id) ON DELETE CASCADE,
    source              TEXT    NOT NULL CHECK (source IN ('request', 'c2b')),
    status              TEXT    NOT NULL CHECK (status IN ('initiated', 'pending', 'succeeded',
                            'failed', 'cancelled', 'expired', 'unknown', 'refunded')),
    amount_minor        INTEGER NOT NULL CHECK (amount_minor > 0), -- asked for, or accepted as paid
    currency            TEXT    NOT NULL,
    phone               TEXT,
    reference           TEXT    NOT NULL,
    description         TEXT,
    email               TEXT,
    payer               TEXT,
    meta                TEXT    CHECK (meta IS NULL OR json_valid(meta)),
    external_reference  TEXT,    -- what the provider's query asks by
    external_reference2 TEXT,
    receipt             TEXT,
    told_receipt        TEXT,    -- what a callback claims; counts once a query agrees
    told_amount_minor   INTEGER,
    told_state          TEXT,    -- the callback's, and …
    asked_state         TEXT,    -- … the query's last word
    mismatch            TEXT,    -- what does not fit; a person looks at it
    checkout_url        TEXT,
    error               TEXT,
    queue_id            INTEGER REFERENCES integration_queue (id) ON DELETE SET NULL,
    folded_into         INTEGER REFERENCES payments (id),
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    settled_at          INTEGER
) STRICT;
INSERT INTO payments VALUES(1,'01M87429RTJB1HSXVF7VH8XK6R',2,1,'request','succeeded',10000,'KES','+254711000001','ADM1024',NULL,NULL,NULL,NULL,'ws_CO_241120261851200000007711000001','54796-2003319778-1','RQBBZQXT1G','RQBBZQXT1G',10000,'paid','paid',NULL,NULL,NULL,3,NULL,1795535480602,1795535566551,1795535566551);
CREATE TABLE refunds (
    id                 INTEGER PRIMARY KEY,
    public_id          TEXT    NOT NULL UNIQUE,
    payment_id         INTEGER NOT NULL REFERENCES payments (id) ON DELETE CASCADE,
    status             TEXT    NOT NULL CHECK (status IN
                           ('initiated', 'pending', 'succeeded', 'failed', 'unknown')),
    amount_minor       INTEGER NOT NULL CHECK (amount_minor > 0),
    reason             TEXT    NOT NULL,
    external_reference TEXT,
    error              TEXT,
    queue_id           INTEGER REFERENCES integration_queue (id) ON DELETE SET NULL,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL
) STRICT;
CREATE TABLE payment_references (
    school_id INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    reference TEXT    NOT NULL, -- trimmed, upper case
    PRIMARY KEY (school_id, reference)
) STRICT, WITHOUT ROWID;
CREATE TABLE webhook_requests (
    id           INTEGER PRIMARY KEY,
    webhook_id   INTEGER REFERENCES integration_webhooks (id) ON DELETE SET NULL,
    school_id    INTEGER REFERENCES schools (id) ON DELETE CASCADE,
    provider_id  INTEGER REFERENCES integration_providers (id) ON DELETE CASCADE,
    queue_id     INTEGER, -- the operation whose token its path carried
    hook         TEXT    NOT NULL,
    method       TEXT    NOT NULL,
    query        TEXT    NOT NULL,
    content_type TEXT    NOT NULL,
    body         BLOB    NOT NULL,
    ip_address   TEXT,
    received_at  INTEGER NOT NULL
) STRICT;
INSERT INTO webhook_requests VALUES(1,1,2,4,NULL,'dlr','POST','','application/x-www-form-urlencoded',X'70686f6e654e756d6265723d253242323534373131303030303031267265747279436f756e743d302669643d41545869645f3637313265623934303031633466646630316435313534656634393433653463267374617475733d53756363657373266e6574776f726b436f64653d3939393939','127.0.0.1',1795535480651);
INSERT INTO webhook_requests VALUES(2,1,2,4,NULL,'dlr','POST','','application/x-www-form-urlencoded',X'70686f6e654e756d6265723d253242323534373131303030303032267265747279436f756e743d302669643d41545869645f3836383435616235353765393163326435636264396131636161336432613434267374617475733d53756363657373266e6574776f726b436f64653d3939393939','127.0.0.1',1795535480651);
INSERT INTO webhook_requests VALUES(3,NULL,2,1,3,'stk','POST','','application/json',X'7b22426f6479223a7b2273746b43616c6c6261636b223a7b224d65726368616e74526571756573744944223a2235343739362d323030333331393737382d31222c22436865636b6f7574526571756573744944223a2277735f434f5f323431313230323631383531323030303030303037373131303030303031222c22526573756c74436f6465223a302c22526573756c7444657363223a22546865207365727669636520726571756573742069732070726f636573736564207375636365737366756c6c792e222c2243616c6c6261636b4d65746164617461223a7b224974656d223a5b7b224e616d65223a22416d6f756e74222c2256616c7565223a3130302e30307d2c7b224e616d65223a224d70657361526563656970744e756d626572222c2256616c7565223a22525142425a5158543147227d2c7b224e616d65223a2242616c616e6365227d2c7b224e616d65223a225472616e73616374696f6e44617465222c2256616c7565223a32303236313132343138353132307d2c7b224e616d65223a2250686f6e654e756d626572222c2256616c7565223a3235343731313030303030317d5d7d7d7d7d','127.0.0.1',1795535480774);
CREATE TABLE webhook_events (
    id          INTEGER PRIMARY KEY,
    request_id  INTEGER NOT NULL REFERENCES webhook_requests (id) ON DELETE CASCADE,
    scope       TEXT    NOT NULL, -- "w" and the webhook's id, or "q" and the operation's
    event_key   TEXT,
    place       INTEGER NOT NULL, -- within its request
    kind        TEXT    NOT NULL,
    external_reference TEXT,
    state       TEXT    NOT NULL DEFAULT 'new' CHECK (state = 'new' OR state = 'held' OR
                    state = 'done' OR state = 'ignored'),
    note        TEXT,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
INSERT INTO webhook_events VALUES(1,1,'w1','at:ATXid_6712eb94001c4fdf01d5154ef4943e4c:Success:d332b3ce9d56a461',0,'delivery','ATXid_6712eb94001c4fdf01d5154ef4943e4c','done',NULL,1795535480651,1795535480723);
INSERT INTO webhook_events VALUES(2,2,'w1','at:ATXid_86845ab557e91c2d5cbd9a1caa3d2a44:Success:5172256db75c0bfc',0,'delivery','ATXid_86845ab557e91c2d5cbd9a1caa3d2a44','done',NULL,1795535480651,1795535480723);
INSERT INTO webhook_events VALUES(3,3,'q3','stk:ws_CO_241120261851200000007711000001:b13549d5df03bf03',0,'payment','ws_CO_241120261851200000007711000001','done',NULL,1795535480774,1795535480779);
CREATE TABLE hooks (
    id         INTEGER PRIMARY KEY,
    school_id  INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE, -- everyone's: of all
    purpose    TEXT    NOT NULL CHECK (purpose IN ('hook', 'alert')),
    event      TEXT    NOT NULL, -- 'payment.failed'; 'trouble': of a provider; '*': all
    kind       TEXT    NOT NULL CHECK (kind IN ('url', 'exec', 'sms')),
    target     TEXT    NOT NULL,
    secret     TEXT,    -- sealed: what signs
    is_active  INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)), -- 0: it said that it is gone
    created_at INTEGER NOT NULL,
    removed_at INTEGER -- the row stays, so that no other hook gets its id
) STRICT;
INSERT INTO hooks VALUES(1,2,'hook','*','url','http://127.0.0.1:9/x','sl1:k2-20261124-50b2:qZS20jVa/Jegk6q0GMDamKtNcyjF+RBpBnDRfUPvdGCCZ/2RVN9DZW92uLFXxhn6MTa2+FtcAsQbd708r3P9GnBK',1,1795535480445,NULL);
INSERT INTO hooks VALUES(2,2,'alert','trouble','sms','+254711000009',NULL,1,1795535480465,NULL);
CREATE TABLE hook_events (
    id         INTEGER PRIMARY KEY,
    public_id  TEXT    NOT NULL UNIQUE,
    event_key  TEXT    NOT NULL UNIQUE, -- what happened to what, and when: it is told once
    school_id  INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    event      TEXT    NOT NULL,
    payload    TEXT    NOT NULL CHECK (json_valid(payload)), -- as it is sent
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO hook_events VALUES(1,'01M87429WK81E0N3V33HV8KGAK','message.delivered:01M87429N4PQ5HBVQZG3GFSSEV-2:1795535480723',2,'message.delivered','{"id":"01M87429WK81E0N3V33HV8KGAK","type":"message.delivered","created_at":"2026-11-24T15:51:20.723Z","school":"greenhill","data":{"id":"01M87429N4PQ5HBVQZG3GFSSEV-2","batch":"01M87429N4PQ5HBVQZG3GFSSEV","to":"+254711000001","status":"delivered","external_reference":"ATXid_6712eb94001c4fdf01d5154ef4943e4c","segments":1,"cost":"0.8000","currency":"KES","error":null,"created_at":"2026-11-24T15:51:20.507Z","updated_at":"2026-11-24T15:51:20.723Z"}}',1795535480723);
INSERT INTO hook_events VALUES(2,'01M87429WKDJXSFW475SEHKNKZ','message.delivered:01M87429N4PQ5HBVQZG3GFSSEV-3:1795535480723',2,'message.delivered','{"id":"01M87429WKDJXSFW475SEHKNKZ","type":"message.delivered","created_at":"2026-11-24T15:51:20.723Z","school":"greenhill","data":{"id":"01M87429N4PQ5HBVQZG3GFSSEV-3","batch":"01M87429N4PQ5HBVQZG3GFSSEV","to":"+254711000002","status":"delivered","external_reference":"ATXid_86845ab557e91c2d5cbd9a1caa3d2a44","segments":1,"cost":"0.8000","currency":"KES","error":null,"created_at":"2026-11-24T15:51:20.507Z","updated_at":"2026-11-24T15:51:20.723Z"}}',1795535480723);
INSERT INTO hook_events VALUES(3,'01M8744XPQ0A3JSS0ZR0X4STJ2','payment.succeeded:01M87429RTJB1HSXVF7VH8XK6R:1795535566551',2,'payment.succeeded','{"id":"01M8744XPQ0A3JSS0ZR0X4STJ2","type":"payment.succeeded","created_at":"2026-11-24T15:52:46.551Z","school":"greenhill","data":{"id":"01M87429RTJB1HSXVF7VH8XK6R","provider":"mpesa","status":"succeeded","amount":"100.00","currency":"KES","phone":"+254711000001","reference":"ADM1024","description":null,"external_reference":"ws_CO_241120261851200000007711000001","receipt":"RQBBZQXT1G","checkout_url":null,"error":null,"created_at":"2026-11-24T15:51:20.602Z","updated_at":"2026-11-24T15:52:46.551Z","meta":null,"school":"greenhill","source":"request","payer":null,"mismatch":null}}',1795535566551);
INSERT INTO hook_events VALUES(4,'01M87450RMFVMQVX9YQKKMF9Y5','01M87450RMFVMQVX9YQKKMF9Y5',2,'optout.added','{"id":"01M87450RMFVMQVX9YQKKMF9Y5","type":"optout.added","created_at":"2026-11-24T15:52:49.684Z","school":"greenhill","data":{"channel":"sms","address":"+254711000033","source":"admin","since":"2026-11-24T15:52:49.684Z"}}',1795535569684);
CREATE TABLE key_ids (
    key_id     TEXT    PRIMARY KEY,
    purpose    TEXT    NOT NULL CHECK (purpose IN ('seal', 'webhook')),
    first_seen INTEGER NOT NULL,
    retired_at INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO key_ids VALUES('k1-20261124-cd61','seal',1795535479000,1795535570831);
INSERT INTO key_ids VALUES('k2-20261124-50b2','seal',1795535570000,NULL);
INSERT INTO key_ids VALUES('w1-20261124-735b','webhook',1795535479000,1795535570831);
INSERT INTO key_ids VALUES('w2-20261124-0d7d','webhook',1795535570000,NULL);
CREATE INDEX integration_providers_category ON integration_providers (category);
CREATE INDEX integration_queue_due ON integration_queue (status, next_attempt_at);
CREATE INDEX integration_queue_school ON integration_queue (school_id);
CREATE INDEX integration_queue_claim
    ON integration_queue (lane, account, school_id, priority DESC, next_attempt_at)
    WHERE status = 'pending' AND batch_id IS NULL;
CREATE INDEX integration_queue_batch ON integration_queue (batch_id, next_attempt_at)
    WHERE status = 'pending' AND batch_id IS NOT NULL;
CREATE INDEX integration_queue_runner ON integration_queue (runner) WHERE runner IS NOT NULL;
CREATE INDEX integration_queue_waits ON integration_queue (next_attempt_at)
    WHERE waits_for IS NOT NULL;
CREATE UNIQUE INDEX integration_queue_key ON integration_queue (school_id, operation, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX integration_queue_callback ON integration_queue (callback_token)
    WHERE callback_token IS NOT NULL;
CREATE UNIQUE INDEX integration_queue_dedupe ON integration_queue (dedupe_key)
    WHERE dedupe_key IS NOT NULL AND status IN ('pending', 'processing');
CREATE INDEX integration_logs_operation ON integration_logs (school_id, operation);
CREATE INDEX integration_logs_external ON integration_logs (external_reference);
CREATE INDEX integration_logs_created ON integration_logs (created_at);
CREATE INDEX integration_logs_reference ON integration_logs (reference_id);
CREATE INDEX integration_webhooks_route ON integration_webhooks (route) WHERE route IS NOT NULL;
CREATE INDEX spool_users_queue ON spool_users (queue_id);
CREATE UNIQUE INDEX message_batches_key ON message_batches (school_id, kind, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX message_batches_active ON message_batches (school_id) WHERE state IN ('ready', 'sending');
CREATE INDEX messages_queue ON messages (queue_id, place) WHERE queue_id IS NOT NULL;
CREATE UNIQUE INDEX messages_dedupe ON messages (batch_id, dedupe) WHERE dedupe IS NOT NULL;
CREATE INDEX messages_external ON messages (external_reference) WHERE external_reference IS NOT NULL;
CREATE INDEX messages_unknown ON messages (dedupe) WHERE status = 'unknown';
CREATE UNIQUE INDEX payments_receipt ON payments (school_id, provider_id, receipt)
    WHERE receipt IS NOT NULL;
CREATE INDEX payments_school ON payments (school_id, created_at);
CREATE INDEX payments_open ON payments (created_at)
    WHERE status IN ('initiated', 'pending', 'unknown');
CREATE INDEX payments_reference ON payments (school_id, reference);
CREATE INDEX payments_external ON payments (school_id, provider_id, external_reference)
    WHERE external_reference IS NOT NULL;
CREATE INDEX refunds_payment ON refunds (payment_id);
CREATE UNIQUE INDEX webhook_events_key ON webhook_events (scope, event_key) WHERE event_key IS NOT NULL;
CREATE INDEX webhook_events_request ON webhook_events (request_id);
CREATE INDEX webhook_events_open ON webhook_events (state, created_at) WHERE state IN ('new', 'held');
CREATE INDEX webhook_events_held ON webhook_events (external_reference)
    WHERE state = 'held' AND external_reference IS NOT NULL;
COMMIT;
