# One image for the server and for workers; compose.yaml starts both.
FROM python:3.11-slim

# pyseccomp loads the system's library; without it a worker can only confine by limits (tier D).
RUN apt-get update \
 && apt-get install -y --no-install-recommends libseccomp2 git \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 tontine \
 && install -d -o tontine -g tontine /data

WORKDIR /opt/tontine
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .

USER tontine
ENV TONTINE_DATA=/data
EXPOSE 8501
CMD ["streamlit", "run", "app.py", "--server.port=8501", "--server.address=0.0.0.0"]
