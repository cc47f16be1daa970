#include "sandbox/keys.h"

const char sl_sandbox_service_account[] =
    "{\"type\":\"service_account\",\"project_id\":\"demo-school\","
    "\"private_key_id\":\"0123456789abcdef0123456789abcdef01234567\",\"private_key\":\""
    "-----BEGIN PRIVATE KEY-----\\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCpfXoh4Sma9Xw+\\n"
    "BWpnYKViVgyEoSDprSTEGmb3vpTznwg8OauAuA2Uw9t+VB+CdbtafA54pOiGZZdY\\n"
    "ovTYVqQHIT4KSHiciXTpHt+bgmNPi1Ht3OH/u+94OcvQ9TEafncYe+LaBnFYaIlA\\n"
    "hyfBRaTIqgBt/PV6AcVYsF2XQtf6OA6Nx34tPxpcd6YGg796B+jW3So8+ehpemSX\\n"
    "VhlWk5eSFVnm1XzWNbIvvCGfuQjuFisXXc7JJdAjjuCoPxsvEG5Qlf9rSZ3p5iWf\\n"
    "vMVv0rubiUqbYW0z3rZfaMjW6Q3DRdRrkLykcLy8Oxi0MsD0wbCKVVr/Rkn6IP4A\\n"
    "hHMziIWVAgMBAAECggEAARi2uZFjW4VLEHuofJK7fy9fVVxVgi2El2A0WlX5ULou\\n"
    "q3UUDvkh3VyHBwI0UfvBAoza6xzmBDiUChbDzsKAvSsR468kWJ7rCrcQa0kkq1cT\\n"
    "aJ6NN8JXgkedcfSkJK+8xYPHq/Fuukuy16AIOc/hiQrQheWlEO0CAdjiQiBElXHU\\n"
    "tALh3B29QNs7YhMePnz0/qpI6EWptTBdUuJiltOdriCJ3Hfl2NtwSvw5miDjtzuz\\n"
    "G8k2EEyUXhxgO7OcUGYqvkq/U01p34QqO2AIKswhzlVIWlbW63GLyhTi9rT0JBIN\\n"
    "9QnTGPonnfHVhDvanJabDfLQYAduchR5xFPn/n9h4QKBgQDWJXYhH68Pn/ec68SO\\n"
    "3md5PvLmWBm89+DKKwgwwJAjC2HaY8HmuL2VrbK7sORd8R2GCrMyfGCn4Lp8oVPe\\n"
    "MFj5EdxvfBvRjITkXSlgqQsXGy+mhXCqzvi3oZEp64uGl5CuOZiEXVPZl2Q4J+we\\n"
    "r+Vn9iolu/6mWU7MDZm/0eT4NwKBgQDKnbNArTNxBKjylGgN06f+T+WxcdB71chj\\n"
    "VFRDoMHxDwWeTOHi8Tif3+mluDG+PB3fUoLaLjFvFui2F+s6kvRaZuGkbruUQZVU\\n"
    "28ZjEXeUhbsJv3wTIP6b8pDzsXP1pY1Ijd/8n7cYN0i2PipZjJQL3eiY+vGd4q4P\\n"
    "pwnnD+bykwKBgGHd5vnGYBwU8HXPrhnY/JMFuL6antCkvB/IwMp/BqBtcD/9fT0z\\n"
    "SrlgE6IBeqyQJ/z9YN3+x7GRW8jfddPCZrcVeZedsZz3yjgPd3yMZNwfeYxxyYbW\\n"
    "ZgaOGSh+VFqjY+Srv88mU87KiGu9mwR/QKldb++k1gEyKXfJ820dwLXLAoGBAJ3i\\n"
    "53Tlwqk2JWTqam8j2MvefLGabAijnYRxiTwtwBNVTl59sKQErsg+VraRYwnHlMua\\n"
    "Y2cbCeB0LKEA4IeDTjBH7VsSAs/Tj0dR/zThvpoY35gIA+pwEpd5HKUZSbBI8mBw\\n"
    "VfNojeer5NhGdv/TAOaCZKcZHUCYDGUcGCZbCO9LAoGATRMmyLMbPVjWzFyDQdql\\n"
    "lW/XC5lSZq5fDtO2bqhI5Y7b6KdGQ07qncRwfeSkZOk772goewXpVXUWvv6hpREP\\n"
    "0J20tp+PWF3UZDgxn/uT0W1nvgem0c5VrpOl1dwnKFKQOYSnOieJaPTJV3OSh18w\\n"
    "MmY7wtFQxX5meQdPA5MHwtE=\\n"
    "-----END PRIVATE KEY-----\\n"
    "\",\"client_email\":\"" SL_SANDBOX_ACCOUNT "\","
    "\"token_uri\":\"https://oauth2.googleapis.com/token\"}";

const char sl_sandbox_key_p8[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKyhe0rTGEBpp8R5l\n"
    "2IYk/mQaITesoHeIHHj9PdafT5ihRANCAASYdmOb9yhDcIYsLwCJb6z04ZMOmNf6\n"
    "FOpps1vONPTDxyJ23bAxflkcQfbx83TKY0TJA7l0nCFrGECvFuENK5Uc\n"
    "-----END PRIVATE KEY-----\n";

const char sl_sandbox_rsa_modulus[] =
    "a97d7a21e1299af57c3e056a6760a562560c84a120e9ad24c41a66f7be94f39f083c39ab80b80d94"
    "c3db7e541f8275bb5a7c0e78a4e886659758a2f4d856a407213e0a48789c8974e91edf9b82634f8b"
    "51eddce1ffbbef7839cbd0f5311a7e77187be2da0671586889408727c145a4c8aa006dfcf57a01c5"
    "58b05d9742d7fa380e8dc77e2d3f1a5c77a60683bf7a07e8d6dd2a3cf9e8697a6497561956939792"
    "1559e6d57cd635b22fbc219fb908ee162b175dcec925d0238ee0a83f1b2f106e5095ff6b499de9e6"
    "259fbcc56fd2bb9b894a9b616d33deb65f68c8d6e90dc345d46b90bca470bcbc3b18b432c0f4c1b0"
    "8a555aff4649fa20fe00847333888595";

const char sl_sandbox_p256_point[] =
    "049876639bf7284370862c2f00896facf4e1930e98d7fa14ea69b35bce34f4c3c72276ddb0317e59"
    "1c41f6f1f374ca6344c903b9749c216b1840af16e10d2b951c";

const char sl_sandbox_p256_spki[] =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmHZjm/coQ3CGLC8AiW+s9OGTDpjX"
    "+hTqabNbzjT0w8cidt2wMX5ZHEH28fN0ymNEyQO5dJwhaxhArxbhDSuVHA==";
